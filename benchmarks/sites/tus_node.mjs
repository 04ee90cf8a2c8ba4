// @tus/server with files on disk, as its documentation sets it up.
"use strict";

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, directory, port] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Server } = await load("@tus/server");
const { FileStore } = await load("@tus/file-store");

new Server({ path: "/files", datastore: new FileStore({ directory }) }).listen({
  host: "127.0.0.1",
  port: Number(port),
});
