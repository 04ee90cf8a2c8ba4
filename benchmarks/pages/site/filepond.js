import * as FilePond from "filepond";
import "filepond/dist/filepond.min.css";

const input = document.createElement("input");
input.type = "file";
document.getElementById("uploader").append(input);
FilePond.create(input, {
  allowMultiple: true,
  chunkUploads: true,
  server: "/pond/",
});
