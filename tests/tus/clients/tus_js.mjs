// tus-js-client, told what to do by a line of JSON per upload on standard input.
//
// Tells what happens in lines of JSON: each answer, the upload's URL, and its end.
// Usage: node tus_js.mjs NODE_MODULES

import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";

const tus = createRequire(`${process.argv[2]}/`)("tus-js-client");

function tell(name, event, facts = {}) {
  fs.writeSync(1, `${JSON.stringify({ name, event, ...facts })}\n`);
}

/** Return what is to be sent: a file, its bytes, or a stream of unknown length. */
function open({ file, kind = "file" }) {
  if (kind === "buffer") return fs.readFileSync(file);
  const stream = fs.createReadStream(file);
  return kind === "stream" ? stream.pipe(new PassThrough()) : stream;
}

/** Upload as the line says. `options` are tus-js-client's.
 *
 * With `loses`, the answer to the first request with such an `Upload-Concat` gets lost.
 * No bytes are sent before so many `creations` were answered. With `isPatient`, HEAD is
 * asked again where a proxy answers it by 502.
 */
async function run(line) {
  const { name, storage, connectsAnew, isPatient, options = {} } = line;
  let { loses, creations = 1 } = line;
  const end = deferred();
  const created = deferred();
  const upload = new tus.Upload(open(line), {
    retryDelays: [0, 100, 200, 400, 800, 1600, 1600, 1600],
    ...(storage && { urlStorage: new tus.FileUrlStorage(storage) }),
    ...(connectsAnew && {
      httpStack: new tus.DefaultHttpStack({ agent: new http.Agent() }),
    }),
    ...options,
    onUploadUrlAvailable: () => tell(name, "url", { url: upload.url }),
    onBeforeRequest: (request) => request.getMethod() === "PATCH" && created.promise,
    onAfterResponse: (request, response) => {
      tell(name, "answer", {
        method: request.getMethod(),
        status: response.getStatus(),
        offset: Number(response.getHeader("Upload-Offset") ?? -1),
      });
      if (request.getMethod() !== "PATCH" && --creations <= 0) created.resolve();
      if (isPatient && request.getMethod() === "HEAD" && response.getStatus() >= 500) {
        throw new Error("Try again");
      }
      if (loses && request.getHeader("Upload-Concat")?.startsWith(loses)) {
        loses = "";
        throw new Error("lost");
      }
    },
    onError: (error) => end.resolve(tell(name, "error", { why: String(error) })),
    onSuccess: () => end.resolve(tell(name, "success", { url: upload.url })),
  });
  const [previous] = storage ? await upload.findPreviousUploads() : [];
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
  await end.promise;
}

function deferred() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Do what a line says. */
function obey({ terminate, ...line }) {
  if (!terminate) return run(line);
  return tus.Upload.terminate(terminate, line.options).then(
    () => tell(line.name, "success"),
    (error) => tell(line.name, "error", { why: String(error) }),
  );
}

for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line));
