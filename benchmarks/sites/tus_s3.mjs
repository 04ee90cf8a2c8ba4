// @tus/server over a bucket, as @tus/s3-store's documentation sets it up.
"use strict";

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const PART = 8 * 1024 * 1024; // bytes, as its documentation has it

const [modules, port, storage] = process.argv.slice(2);
const { endpoint, region, bucket, key, secret } = JSON.parse(storage);
const require = createRequire(`${modules}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Server } = await load("@tus/server");
const { S3Store } = await load("@tus/s3-store");

const datastore = new S3Store({
  partSize: PART,
  s3ClientConfig: {
    bucket,
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: key, secretAccessKey: secret },
  },
});
const tus = new Server({ path: "/files", datastore });
createServer(tus.handle.bind(tus)).listen({ host: "127.0.0.1", port: Number(port) });
