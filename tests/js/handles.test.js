"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, allDone, load } = require("./loading.js");

const DAY = 24 * 60 * 60 * 1000; // milliseconds

class Handle {
  requestPermission() {}
}

/** As much of a database as the scripts ask for; `rows` outlives the page. */
class FakeDatabase {
  constructor() {
    this.rows = new Map(); // upload_uuid -> what is kept
  }

  open() {
    const request = { result: this };
    setImmediate(() => request.onsuccess());
    return request;
  }

  transaction() {
    const transaction = { objectStore: () => this };
    // When the requests that were made of it are done.
    setImmediate(() => setImmediate(() => transaction.oncomplete()));
    return transaction;
  }

  get(uuid) {
    return { result: this.rows.get(uuid) };
  }

  put(row, uuid) {
    this.rows.set(uuid, row);
    return {};
  }

  delete(uuid) {
    this.rows.delete(uuid);
    return {};
  }

  openCursor() {
    const request = {};
    const rows = [...this.rows];
    const next = () => {
      const [uuid, value] = rows.shift() || [];
      request.result = uuid && { value, delete: () => this.rows.delete(uuid), continue: next };
      request.onsuccess();
    };
    setImmediate(next);
    return request;
  }
}

/** A page of Chromium's, opened at that time, which hears of uploads. */
function openPage(database, clock = new Clock()) {
  const listeners = new Map();
  const document = { addEventListener: (name, act) => listeners.set(name, act) };
  const window = { FileSystemFileHandle: Handle, indexedDB: database, document };
  const scripts = load(["handles"], { window, document, ...clock.globals });
  const tell = async (name, upload) => {
    const upload_uuid = upload.known && upload.known.upload_uuid;
    listeners.get(`chunkeduploads:${name}`)({ detail: { upload, upload_uuid } });
    for (let i = 0; i < 9; i += 1) await allDone();
  };
  return { ...scripts, tell };
}

function uploadOf(facts) {
  return { handle: "handle", known: { upload_uuid: "1" }, name: "a", size: 10, held: 5, ...facts };
}

const kept = ({ rows }) => [...rows].map(([uuid, { handle }]) => `${uuid} ${handle}`);

test("the handle of a file that is there in part outlives the page, until its end", async () => {
  for (const end of ["complete", "cancel"]) {
    const database = new FakeDatabase();
    const before = openPage(database);
    await before.tell("progress", uploadOf());
    const after = openPage(database);
    assert.equal(await after.recallHandle({ upload_uuid: "1" }), "handle");
    assert.equal(await after.recallHandle({ upload_uuid: "2" }), null);
    await after.tell(end, uploadOf());
    assert.deepEqual(kept(database), []);
  }
});

test("nothing is kept of files without handles, unknown to the server, or all there", async () => {
  const database = new FakeDatabase();
  const { tell } = openPage(database);
  for (const facts of [{ handle: null }, { known: null }, { held: 10 }]) {
    await tell("progress", uploadOf(facts));
  }
  assert.deepEqual(kept(database), []);
});

test("a handle is kept anew where the server or the visitor has another", async () => {
  const database = new FakeDatabase();
  const { tell } = openPage(database);
  const upload = uploadOf();
  await tell("progress", upload);
  await tell("progress", Object.assign(upload, { handle: "moved" }));
  assert.deepEqual(kept(database), ["1 moved"]);
  await tell("progress", Object.assign(upload, { known: { upload_uuid: "2" } }));
  assert.deepEqual(kept(database), ["2 moved"]);
});

test("a handle of another file is forgotten, and of a failed upload kept", async () => {
  const database = new FakeDatabase();
  const { tell } = openPage(database);
  const upload = uploadOf();
  await tell("progress", upload);
  await tell("error", upload);
  assert.deepEqual(kept(database), ["1 handle"]);
  await tell("error", Object.assign(upload, { handle: null }));
  assert.deepEqual(kept(database), []);
});

test("a handle is kept for a week at most", async () => {
  const database = new FakeDatabase();
  const clock = new Clock();
  await openPage(database, clock).tell("progress", uploadOf());
  clock.now += 7 * DAY - 1;
  assert.equal(await openPage(database, clock).recallHandle({ upload_uuid: "1" }), "handle");
  clock.now += 1;
  const later = openPage(database, clock);
  assert.equal(await later.recallHandle({ upload_uuid: "1" }), null);
  await later.tell("progress", uploadOf({ known: { upload_uuid: "2" } }));
  assert.deepEqual(kept(database), ["2 handle"]);
});

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
    const { forgetHandle, keepHandle, recallHandle } = openPage({ open });
    await keepHandle(uploadOf());
    assert.equal(await recallHandle({ upload_uuid: "1" }), null);
    await forgetHandle("1");
  }
});

test("a browser whose handles no visitor can choose gets no database", async () => {
  const asked = [];
  for (const FileSystemFileHandle of [undefined, class {}]) {
    const window = { FileSystemFileHandle, indexedDB: { open: (name) => asked.push(name) } };
    const { keepHandle, recallHandle } = load(["handles"], { window });
    await keepHandle(uploadOf());
    assert.equal(await recallHandle({ upload_uuid: "1" }), null);
  }
  assert.deepEqual(asked, []);
});
