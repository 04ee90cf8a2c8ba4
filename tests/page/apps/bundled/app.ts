import { mount, typeOf } from "chunked_uploads";

const root = document.querySelector<HTMLElement>("#uploads")!;
const files = document.querySelector<HTMLInputElement>("#files")!;
const told = document.querySelector("#told")!;

const uploader = mount(root, { accept: [".bin"], showUnfinished: false });

files.addEventListener("change", () => uploader.add(files.files!));
root.addEventListener("chunkeduploads:progress", ({ detail }) => {
  told.textContent = `${detail.name}: ${Math.round(detail.percent)} %`;
});
root.addEventListener("chunkeduploads:complete", ({ detail }) => {
  told.textContent = `${detail.name} is complete, of kind ${typeOf(detail.name)}: ${detail.url}`;
});
root.addEventListener("chunkeduploads:refuse", ({ detail }) => {
  told.textContent = `${detail.name} is not taken.`;
});
