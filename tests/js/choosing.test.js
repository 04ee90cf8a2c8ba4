"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const NAMES = ["failures", "gathering", "choosing"];
const page = load(NAMES);
const { FileRefused } = page;
const FORMAT = { bytes: (count) => `${count} bytes` };

/** A file of the visitor's. */
const makeFile = (name, size = 10, lastModified = 1) => ({ name, size, lastModified });
const originOf = (file, path = "") => ({ file, path });

/** An uploader as it looks to choosing: it notes what becomes of the files. */
class FakeUploader {
  constructor({ options = {}, limits = { maxSize: Infinity, extensions: [] } } = {}) {
    this.options = options;
    this.uploads = [];
    this.notes = [];
    this.server = { limits };
    this.view = { note() {}, sayAdded() {}, texts: { format: FORMAT } };
    this.choosing = new page.Choosing(this);
  }

  get queue() {
    return this;
  }

  get summary() {
    return this.uploads.map(({ name, state }) => `${name} ${state}`);
  }

  isSet(name) {
    return this.options[name] !== false;
  }

  note(key, values) {
    this.notes.push([key, values]);
  }

  addUpload({ file, path }, isToBegin = true) {
    this.push({ file, path, name: file.name, size: file.size, state: isToBegin ? "queued" : "ready" });
  }

  /** Put an upload into the list that is in some state. */
  push(facts) {
    const upload = {
      path: "",
      isFinished: ["complete", "refused"].includes(facts.state),
      isCancelled: facts.state === "cancelling",
      source: { isUnverified: facts.state === "missing" },
      attach(origin, { isConfirmed, isToStart }) {
        Object.assign(upload, origin, { isConfirmed, state: isToStart ? "queued" : "ready" });
      },
      cancel: () => (upload.state = "cancelled"),
      fail: (failure) => (upload.failure = failure),
      ...facts,
    };
    this.uploads.push(upload);
    return upload;
  }

  remove(upload) {
    this.uploads = this.uploads.filter((each) => each !== upload);
  }
}

const add = (uploader, ...files) => uploader.choosing.add(files.map((file) => originOf(file)));

// --- what is taken ---

const LIMITS = { maxSize: 1000, extensions: [".mp4", ".tar.gz"] };
const REFUSALS = [
  ["a.mp4", 1000, null],
  ["A.MP4", 0, null],
  ["b.tar.gz", 1, null],
  ["a.mp4", 1001, "too-large"],
  ["page.html", 1, "wrong-type"],
  ["mp4", 1, "wrong-type"],
  ["b.gz", 1, "wrong-type"],
  ["a.mp4.exe", 1, "wrong-type"],
];

test("files are refused by size and type", () => {
  for (const [name, size, key] of REFUSALS) {
    const refusal = page.refusalOf(makeFile(name, size), LIMITS, FORMAT);
    assert.equal(refusal && refusal.key, key, name);
  }
});

test("a refusal says what could be taken", () => {
  const { values } = page.refusalOf(makeFile("a.mp4", 1001), LIMITS, FORMAT);
  assert.deepEqual(values, { size: "1000 bytes" });
  const other = page.refusalOf(makeFile("a.txt"), LIMITS, FORMAT);
  assert.deepEqual(other.values, { types: ".mp4, .tar.gz" });
});

test("without limits all is taken", () => {
  const none = { maxSize: Infinity, extensions: [] };
  assert.equal(page.refusalOf(makeFile("x", 2 ** 50), none, FORMAT), null);
});

test("files of a chosen folder have their paths", () => {
  const files = [{ name: "a", webkitRelativePath: "f/a" }, { name: "b" }];
  assert.deepEqual(page.fromList(files).map(({ path }) => path), ["f/a", ""]);
});

// --- what becomes of them ---

test("each file gets a row of its own, in their order", async () => {
  const uploader = new FakeUploader();
  await add(uploader, makeFile("a"), makeFile("b"));
  assert.deepEqual(uploader.summary, ["a queued", "b queued"]);
});

test("a file that is in the list is not added twice", async () => {
  const uploader = new FakeUploader();
  await add(uploader, makeFile("a"));
  await add(uploader, makeFile("a"));
  assert.deepEqual(uploader.summary, ["a queued"]);
  assert.deepEqual(uploader.notes, [["listed", { name: "a" }]]);
});

test("files that differ in anything are two", async () => {
  const uploader = new FakeUploader();
  await add(uploader, makeFile("a", 1), makeFile("a", 2), makeFile("a", 1, 7));
  await uploader.choosing.add([originOf(makeFile("a", 1), "folder/a")]);
  assert.equal(uploader.uploads.length, 4);
});

test("a file that is complete may be added again", async () => {
  const uploader = new FakeUploader();
  const file = makeFile("a");
  uploader.push({ file, name: "a", size: 10, state: "complete" });
  await add(uploader, file);
  assert.deepEqual(uploader.summary, ["a complete", "a queued"]);
});

test("a file of the name and size of an unfinished upload goes on with it", async () => {
  const uploader = new FakeUploader();
  uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  await uploader.choosing.add([originOf(makeFile(" a "), "folder/a")]);
  assert.deepEqual(uploader.summary, ["a queued"]);
  const [{ path, isConfirmed }] = uploader.uploads;
  assert.deepEqual([path, isConfirmed], ["folder/a", false]);
});

test("a file of an upload that is being cancelled is a new one", async () => {
  const uploader = new FakeUploader();
  const file = makeFile("a");
  uploader.push({ file, name: "a", size: 10, state: "cancelling" });
  await add(uploader, file);
  assert.deepEqual(uploader.summary, ["a cancelling", "a queued"]);
});

test("a file that was not what an upload misses becomes one of its own", async () => {
  const uploader = new FakeUploader();
  const missing = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  await add(uploader, makeFile("a"));
  uploader.choosing.check(missing);
  assert.equal(uploader.uploads.length, 1); // nobody knows yet
  missing.state = "missing";
  uploader.choosing.check(missing);
  uploader.choosing.check(missing);
  assert.deepEqual(uploader.summary, ["a missing", "a queued"]);
});

test("a file that was what an upload misses stays with it", async () => {
  const uploader = new FakeUploader();
  const missing = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  await add(uploader, makeFile("a"));
  missing.source.isUnverified = false;
  uploader.choosing.check(missing);
  missing.state = "missing"; // for another reason, later
  uploader.choosing.check(missing);
  assert.equal(uploader.uploads.length, 1);
});

test("files that could not be read are named, three at most", async () => {
  const uploader = new FakeUploader();
  const unread = ["1", "2", "3", "4"].map((path) => originOf(null, path));
  await uploader.choosing.add([...unread, originOf(makeFile("a"))]);
  assert.deepEqual(uploader.notes, [["unreadable", { names: "1, 2, 3" }]]);
  assert.deepEqual(uploader.summary, ["a queued"]);
});

test("who stops all stops what is still being added", async () => {
  const files = Array.from({ length: 120 }, (_, number) => makeFile(`${number}`));
  const ended = new FakeUploader();
  const adding = add(ended, ...files);
  ended.choosing.end();
  await adding;
  assert.equal(ended.uploads.length, 50);
  const held = new FakeUploader();
  const added = add(held, ...files);
  held.choosing.hold();
  await added;
  const states = held.uploads.map(({ state }) => state);
  assert.deepEqual([states.length, states[49], states[50], states[119]], [120, "queued", "ready", "ready"]);
});

// --- the file of one upload ---

function askFor(uploader, upload) {
  uploader.input = { click() {} };
  uploader.choosing.askFor(upload);
}

test("the file that was asked for is found among others", async () => {
  const uploader = new FakeUploader();
  const upload = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  askFor(uploader, upload);
  await add(uploader, makeFile("b"), makeFile("a"));
  assert.deepEqual(uploader.summary, ["a queued", "b queued"]);
  assert.equal(upload.isConfirmed, true);
});

test("another file than the one that was asked for is refused", async () => {
  const uploader = new FakeUploader();
  const upload = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  askFor(uploader, upload);
  await add(uploader, makeFile("b"));
  assert.ok(upload.failure instanceof FileRefused);
  assert.deepEqual(upload.failure.values, { name: "a", size: "10 bytes" });
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["a missing", "b queued"]);
});

test("what was asked for is forgotten where nothing was chosen", async () => {
  const uploader = new FakeUploader();
  askFor(uploader, uploader.push({ file: null, name: "a", size: 10, state: "missing" }));
  uploader.choosing.forget();
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["a missing", "b queued"]);
});

// --- one file at a time ---

const single = (limits) => new FakeUploader({ options: { multiple: false }, limits });

test("another file takes the place of the first", async () => {
  const uploader = single();
  await add(uploader, makeFile("a"));
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["a cancelled", "b queued"]);
  uploader.uploads = [];
  uploader.push({ file: makeFile("c"), name: "c", size: 10, state: "complete" });
  await add(uploader, makeFile("d"));
  assert.deepEqual(uploader.summary, ["d queued"]);
});

test("of several files the first is taken", async () => {
  const uploader = single();
  await add(uploader, makeFile("a"), makeFile("b"));
  assert.deepEqual(uploader.summary, ["a queued"]);
  assert.deepEqual(uploader.notes, [["one-file", undefined]]);
});

test("the same file again, or one that is refused, replaces nothing", async () => {
  const uploader = single({ maxSize: 10, extensions: [] });
  await add(uploader, makeFile("a"));
  await add(uploader, makeFile("a"));
  await add(uploader, makeFile("b", 11));
  assert.deepEqual(uploader.summary, ["a queued"]);
  assert.deepEqual(uploader.notes, [["too-large", { size: "10 bytes" }]]);
});

test("unfinished uploads stay as they are", async () => {
  const uploader = single();
  uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["a missing", "b queued"]);
});
