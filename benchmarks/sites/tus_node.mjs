// @tus/server with files on disk, or in a bucket, as its documentation sets them up,
// with larger buffers.
"use strict";

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { setDefaultHighWaterMark } from "node:stream";
import { pathToFileURL } from "node:url";

const BUFFER = 1024 * 1024; // bytes; of 64 KiB each, one at a time goes to the disk
const PART = 8 * 1024 * 1024; // bytes

const [modules, port, directory, bucket] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Server } = await load("@tus/server");

async function makeStore() {
  if (!bucket) {
    const { FileStore } = await load("@tus/file-store");
    return new FileStore({ directory });
  }
  const { S3Store } = await load("@tus/s3-store");
  const { key, secret, ...told } = JSON.parse(bucket);
  const credentials = { accessKeyId: key, secretAccessKey: secret };
  const s3ClientConfig = { ...told, credentials, forcePathStyle: true };
  return new S3Store({ partSize: PART, s3ClientConfig });
}

setDefaultHighWaterMark(false, BUFFER);
const tus = new Server({ path: "/files", datastore: await makeStore() });
createServer({ highWaterMark: BUFFER }, tus.handle.bind(tus)).listen({
  host: "127.0.0.1",
  port: Number(port),
});
