/*
 * The servers that Uppy and FilePond talk to, behind one socket:
 *
 *     node server.js SOCKET FOLDER
 *
 * /files/ speaks tus (Uppy's Tus), /form/ takes a form (Uppy's XHRUpload), /pond/
 * speaks FilePond's protocol of chunks. Who has no session cookie gets 401, as at
 * a site that lets in those who are logged in.
 */
import { randomUUID } from "node:crypto";
import { createWriteStream, openSync, closeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [socket, folder] = process.argv.slice(2);

const tus = new Server({
  path: "/files",
  relativeLocation: true,
  datastore: new FileStore({ directory: folder }),
});

/** Bytes of whole chunks, by transfer. */
const held = new Map();

/** Write the body to its place as it comes. */
async function take(request, path, offset) {
  const file = createWriteStream(path, { flags: "r+", start: offset });
  await pipeline(request, file);
}

function answer(response, status, text = "", headers = {}) {
  response.writeHead(status, { "Content-Type": "text/plain", ...headers });
  response.end(text);
}

async function pond(request, response, url) {
  const id = url.searchParams.get("patch");
  if (request.method === "POST") {
    const transfer = randomUUID();
    held.set(transfer, 0);
    closeSync(openSync(join(folder, transfer), "w"));
    // A file smaller than a chunk comes along in a form; nobody reads it here.
    await request.resume().toArray();
    return answer(response, 201, transfer);
  }
  if (!held.has(id)) return answer(response, 404);
  if (request.method === "HEAD") {
    return answer(response, 200, "", { "Upload-Offset": held.get(id) });
  }
  const offset = Number(request.headers["upload-offset"]);
  await take(request, join(folder, id), offset);
  // Whole chunks only: FilePond takes a chunk of which a part is here for complete.
  if (offset === held.get(id)) held.set(id, offset + Number(request.headers["content-length"]));
  return answer(response, 204);
}

async function form(request, response) {
  const path = join(folder, randomUUID());
  closeSync(openSync(path, "w"));
  await take(request, path, 0);
  answer(response, 200, JSON.stringify({ url: "/" }), {
    "Content-Type": "application/json",
  });
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  try {
    if (!/(^|; )sessionid=/.test(request.headers.cookie || "")) {
      return answer(response, 401, "Please log in.");
    }
    if (url.pathname.startsWith("/files")) return await tus.handle(request, response);
    if (url.pathname.startsWith("/pond")) return await pond(request, response, url);
    if (url.pathname.startsWith("/form")) return await form(request, response);
    return answer(response, 404);
  } catch (error) {
    if (!response.headersSent && !response.destroyed) answer(response, 500, String(error));
  }
}).listen(socket);
