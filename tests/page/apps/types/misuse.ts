// What the types keep from being written; each line that they let through is a mistake.
import { mount, observe, uploaders, Uploader } from "../chunked_uploads/chunked_uploads.mjs";

const root = document.querySelector<HTMLElement>("[data-chunked-uploads]")!;
const end: () => void = observe();
const authentication = async () => ({ username: "ada", api_key: "..." });
const uploader = mount(root, { accept: ["image/*"], endpoints: { authentication } });
const both: boolean = uploaders.has(uploader) && root.chunkedUploads === uploader;
end();

// @ts-expect-error: an element, not a selector
mount("#uploads");
// @ts-expect-error: no such option
mount(root, { chunksize: 1024 });
// @ts-expect-error: made by mount() alone
new Uploader(root);
// @ts-expect-error: files, not their names
uploader.add(["film.mp4"]);
// @ts-expect-error: no such state
uploader.uploads.filter(({ state }) => state === "done");
// @ts-expect-error: only what is complete has a URL
root.addEventListener("chunkeduploads:progress", ({ detail }) => detail.url.length);

export { both };
