import { mount } from "/static/chunked_uploads/js/chunked_uploads.mjs";

const root = document.querySelector("#my-uploads");
const uploader = mount(root, { accept: ["image/*", ".bin"], maxFiles: 10 });

root.addEventListener("chunkeduploads:complete", ({ detail: { name, url } }) => {
  const link = document.createElement("a");
  link.textContent = `${name} is complete`;
  link.href = url;
  root.append(link);
});
