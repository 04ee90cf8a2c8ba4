export * from "./chunked_uploads.js";
