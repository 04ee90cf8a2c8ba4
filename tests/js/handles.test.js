"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

class Handle {
  requestPermission() {}
}

const UPLOAD = { handle: {}, known: { upload_uuid: "1" }, name: "a", size: 10, held: 5 };
const unable = () => {
  throw new DOMException("The store is closed.", "SecurityError");
};

/** A database that cannot be opened, as in a private window of some browsers. */
function closed() {
  const request = { error: new DOMException("", "InvalidStateError") };
  setImmediate(() => request.onerror());
  return request;
}

test("where nothing can be kept, nothing is disturbed", async () => {
  for (const open of [unable, closed]) {
    const window = { FileSystemFileHandle: Handle, indexedDB: { open } };
    const { forgetHandle, keepHandle, recallHandle } = load(["handles"], { window });
    await keepHandle(UPLOAD);
    assert.equal(await recallHandle({ upload_uuid: "1" }), null);
    await forgetHandle("1");
  }
});

test("a browser whose handles no visitor can choose gets no database", async () => {
  const asked = [];
  for (const FileSystemFileHandle of [undefined, class {}]) {
    const window = { FileSystemFileHandle, indexedDB: { open: (name) => asked.push(name) } };
    const { keepHandle, recallHandle } = load(["handles"], { window });
    await keepHandle(UPLOAD);
    assert.equal(await recallHandle({ upload_uuid: "1" }), null);
  }
  assert.deepEqual(asked, []);
});
