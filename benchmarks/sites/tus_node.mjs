// @tus/server with files on disk, as its documentation sets it up, with larger buffers.
"use strict";

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { setDefaultHighWaterMark } from "node:stream";
import { pathToFileURL } from "node:url";

const BUFFER = 1024 * 1024; // bytes; of 64 KiB each, one at a time goes to the disk

const [modules, directory, port] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Server } = await load("@tus/server");
const { FileStore } = await load("@tus/file-store");

setDefaultHighWaterMark(false, BUFFER);
const tus = new Server({ path: "/files", datastore: new FileStore({ directory }) });
createServer({ highWaterMark: BUFFER }, tus.handle.bind(tus)).listen({
  host: "127.0.0.1",
  port: Number(port),
});
