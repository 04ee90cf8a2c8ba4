"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, allDone, load } = require("./loading.js");

const NAMES = ["failures", "types", "naming", "accepting", "gathering", "picking", "handles", "describing", "choosing"];
const page = load(NAMES);
const { FileRefused } = page;
const FORMAT = { bytes: (count) => `${count} bytes`, number: String };
const TEXTS = { format: FORMAT, tokens: (accept) => accept.join("|"), text: (key) => key };

/** A file of the visitor's. */
const makeFile = (name, size = 10, lastModified = 1) => ({ name, size, lastModified, type: "" });
const originOf = (file, path = "") => ({ file, path });

/** An uploader as it looks to choosing: it notes what becomes of the files. */
class FakeUploader {
  constructor({ options = {}, limits = {}, scripts = page } = {}) {
    this.options = options;
    this.uploads = [];
    this.notes = [];
    this.limits = { maxSize: Infinity, accept: [], maxFiles: Infinity, ...limits };
    this.view = { showError() {}, speaking: { sayAdded() {} }, texts: TEXTS };
    this.questions = []; // names of the uploads that the visitor was asked about
    this.answer = true;
    this.withdrawing = {
      isWorthAsking: (uploads) => uploads.some(({ isFinished, sent }) => !isFinished && sent > 0),
      ask: async (uploads) => {
        this.questions.push(uploads.map(({ name }) => name).join());
        return this.answer;
      },
      settleNow() {},
      reclaim: (upload) => Object.assign(upload, { state: "queued", isCancelled: false, goneOn: null }),
    };
    this.isWanted = () => true;
    // Its inputs note when they are opened.
    this.opened = [];
    this.root = {
      dataset: {},
      querySelector: (selector) => {
        const input = { click: () => this.opened.push([selector, input.accept]) };
        return input;
      },
    };
    this.choosing = new scripts.Choosing(this);
  }

  get queue() {
    return this;
  }

  get completeness() {
    const isCounted = ({ state, isCancelled }) => !isCancelled && !["missing", "refused"].includes(state);
    return { count: this.uploads.filter(isCounted).length };
  }

  named(file) {
    return this.uploads.filter((upload) => page.keyOf(upload) === page.keyOf(file));
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

  addUpload({ file, path, handle }, isToBegin = true) {
    const refusal = this.choosing.refusalOf(file);
    const state = refusal ? "refused" : isToBegin ? "queued" : "ready";
    return this.push({ file, path, handle, name: file.name, size: file.size, state, failure: refusal });
  }

  /** Put an upload into the list that is in some state. */
  push(facts) {
    const upload = {
      path: "",
      isFinished: ["complete", "refused"].includes(facts.state),
      isCancelled: facts.state === "cancelling",
      isGoing: ["queued", "uploading"].includes(facts.state),
      isIdle: ["ready", "paused", "failed"].includes(facts.state),
      start: () => (upload.state = "queued"),
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

// --- what becomes of them ---

test("files of a chosen folder have their paths", () => {
  const files = [{ name: "a", webkitRelativePath: "f/a" }, { name: "b" }];
  assert.deepEqual(page.fromList(files).map(({ path }) => path), ["f/a", ""]);
});

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

test("a file whose name the server keeps otherwise goes on with its upload too", async () => {
  const uploader = new FakeUploader();
  uploader.push({ file: null, name: `${"x".repeat(496)}.mp4`, size: 10, state: "missing" });
  await add(uploader, makeFile(`\0 ${"x".repeat(600)}.mp4`));
  assert.equal(uploader.uploads[0].state, "queued");
});

test("what systems put into folders is left out without a word", async () => {
  const uploader = new FakeUploader();
  await uploader.choosing.add([originOf(makeFile(".DS_Store"), "f/.DS_Store"), originOf(makeFile("a"), "f/a")]);
  assert.deepEqual([uploader.summary, uploader.notes], [["a queued"], []]);
});

test("two pictures of a camera are two, with names of their own", async () => {
  const uploader = new FakeUploader();
  const picture = () => originOf(new File(["p"], "image.jpg"));
  await uploader.choosing.addNew([picture()]);
  await uploader.choosing.addNew([picture()]);
  const [one, other] = uploader.uploads.map(({ name }) => name);
  assert.match(one, /^image-[-\d]+\.jpg$/);
  assert.match(other, /^image-[-\d]+\.jpg$/);
  assert.notEqual(one, other);
});

/** Scripts in a page where the making of each row takes so many milliseconds. */
function slowPage(milliseconds) {
  const clock = new Clock();
  const scripts = load(NAMES, clock.globals);
  const uploader = new FakeUploader({ scripts });
  const { addUpload } = uploader;
  uploader.addUpload = (...origin) => {
    clock.now += milliseconds;
    return addUpload.apply(uploader, origin);
  };
  return { clock, uploader };
}

test("the browser may draw while many files are being added", async () => {
  const { clock, uploader } = slowPage(5);
  const adding = add(uploader, ...["a", "b", "c", "d"].map((name) => makeFile(name)));
  await allDone();
  assert.equal(uploader.uploads.length, 3);
  await clock.advance(0);
  await adding;
  assert.equal(uploader.uploads.length, 4);
});

test("who stops all stops what is still being added", async () => {
  for (const [stop, states] of [
    ["end", ["queued", "queued", "queued"]],
    ["hold", ["queued", "queued", "queued", "ready", "ready"]],
  ]) {
    const { clock, uploader } = slowPage(5);
    const adding = add(uploader, ...["a", "b", "c", "d", "e"].map((name) => makeFile(name)));
    await allDone();
    uploader.choosing[stop]();
    await clock.advance(0);
    await adding;
    assert.deepEqual(uploader.uploads.map(({ state }) => state), states);
  }
});

// --- what is not taken ---

test("files that are not taken say why", async () => {
  const uploader = new FakeUploader({ limits: { maxSize: 10, accept: ["image/*"] } });
  await add(uploader, makeFile("a.png", 11), makeFile("b.pdf"), makeFile("c.png"));
  assert.deepEqual(uploader.summary, ["a.png refused", "b.pdf refused", "c.png queued"]);
  const told = uploader.uploads.slice(0, 2).map(({ failure }) => [failure.key, failure.values]);
  assert.deepEqual(told, [["too-large", { size: "10 bytes" }], ["wrong-type", { types: "image/*" }]]);
});

test("no more files are taken than may be, whatever was refused or cancelled", async () => {
  const uploader = new FakeUploader({ limits: { maxFiles: 3, accept: [".png"] } });
  uploader.push({ name: "gone", size: 1, state: "cancelling" });
  uploader.push({ name: "begun before", size: 1, state: "missing" });
  uploader.push({ name: "done", size: 1, state: "complete" });
  await add(uploader, makeFile("a.pdf"), makeFile("b.png"), makeFile("c.png"), makeFile("d.png"));
  const states = uploader.uploads.slice(3).map(({ state }) => state);
  assert.deepEqual(states, ["refused", "queued", "queued", "refused"]);
  const { failure } = uploader.uploads[6];
  assert.deepEqual([failure.key, failure.values], ["too-many", { count: "3" }]);
});

// --- the file of one upload ---

const give = (uploader, ...files) => uploader.choosing.addChosen(files.map((file) => originOf(file)));

function askFor(uploader, upload) {
  uploader.choosing.askFor(upload);
  assert.equal(uploader.opened.length, 1);
}

test("the file that was asked for is found among others", async () => {
  const uploader = new FakeUploader();
  const upload = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  askFor(uploader, upload);
  await give(uploader, makeFile("b"), makeFile("a"));
  assert.deepEqual(uploader.summary, ["a queued", "b queued"]);
  assert.equal(upload.isConfirmed, true);
});

test("another file than the one that was asked for is refused", async () => {
  const uploader = new FakeUploader();
  const upload = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  askFor(uploader, upload);
  await give(uploader, makeFile("b"));
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

test("what is dropped is not the answer to a dialogue that may never have opened", async () => {
  const uploader = new FakeUploader();
  askFor(uploader, uploader.push({ file: null, name: "a", size: 10, state: "missing" }));
  await add(uploader, makeFile("b"));
  await give(uploader, makeFile("c"));
  assert.deepEqual(uploader.summary, ["a missing", "b queued", "c queued"]);
});

test("an unfinished upload goes on only with what is taken here", async () => {
  const uploader = new FakeUploader({ limits: { accept: [".txt"] } });
  uploader.push({ file: null, name: "a.mov", size: 10, state: "missing" });
  await add(uploader, makeFile("a.mov"));
  uploader.push({ file: null, name: "b.txt", size: 10, state: "missing" });
  uploader.isWanted = () => false;
  await add(uploader, makeFile("b.txt"));
  assert.deepEqual(uploader.summary, ["a.mov missing", "b.txt missing"]);
  assert.deepEqual(uploader.notes, [["was-not-taken", { name: "a.mov", reason: "wrong-type" }]]);
});

test("a file whose cancel can be taken back comes back when it is chosen again", async () => {
  const uploader = new FakeUploader();
  const gone = { file: makeFile("a"), name: "a", size: 10, state: "cancelling", goneOn() {} };
  uploader.push(gone);
  await add(uploader, makeFile("a"));
  assert.deepEqual(uploader.summary, ["a queued"]);
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
  const uploader = single({ maxSize: 10 });
  await add(uploader, makeFile("a"));
  await add(uploader, makeFile("a"));
  await add(uploader, makeFile("b", 11));
  assert.deepEqual(uploader.summary, ["a queued"]);
  assert.deepEqual(uploader.notes, [["was-not-taken", { name: "b", reason: "too-large" }]]);
});

test("the same file again goes on where it was stopped, or is told to be there", async () => {
  const uploader = single();
  const upload = uploader.push({ file: makeFile("a"), name: "a", size: 10, state: "failed" });
  await add(uploader, makeFile("a"));
  assert.equal(upload.state, "queued");
  Object.assign(upload, { state: "complete", isIdle: false, isFinished: true });
  await add(uploader, makeFile("a"));
  assert.deepEqual([uploader.summary, uploader.notes], [["a complete"], [["listed", { name: "a" }]]]);
});

test("unfinished uploads stay as they are", async () => {
  const uploader = single();
  uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["a missing", "b queued"]);
});

test("nothing that was sent in part gives way unasked", async () => {
  const uploader = single();
  const half = uploader.push({ file: makeFile("a"), name: "a", size: 10, state: "uploading", sent: 5 });
  uploader.answer = false;
  await add(uploader, makeFile("b"));
  assert.deepEqual([uploader.summary, uploader.questions], [["a uploading"], ["a"]]);
  uploader.answer = true;
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["a cancelled", "b queued"]);
  half.sent = 0;
  uploader.push({ file: makeFile("c"), name: "c", size: 10, state: "complete", sent: 10 });
  await add(uploader, makeFile("d"));
  assert.equal(uploader.questions.length, 2); // what has not begun, or is complete, is not half
});

test("it is full while a file is there that another would replace", async () => {
  const uploader = single();
  uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  uploader.push({ file: makeFile("b"), name: "b", size: 10, state: "refused" });
  assert.equal(uploader.choosing.isFull, false);
  await add(uploader, makeFile("c"));
  assert.equal(uploader.choosing.isFull, true);
  uploader.options.multiple = true;
  assert.equal(uploader.choosing.isFull, false);
});

test("a file that the page does not want, or refuses, replaces nothing", async () => {
  const uploader = single();
  await add(uploader, makeFile("a"));
  const { addUpload } = uploader;
  uploader.addUpload = () => null;
  await add(uploader, makeFile("b"));
  uploader.addUpload = (origin) => {
    const failure = new FileRefused("own", {}, "Films only.");
    return Object.assign(addUpload.call(uploader, origin), { state: "refused", failure });
  };
  await add(uploader, makeFile("c"));
  assert.deepEqual(uploader.summary, ["a queued"]);
  assert.deepEqual(uploader.notes, [["was-not-taken", { name: "c", reason: "Films only." }]]);
});

test("a file that became complete during the question gives way as such", async () => {
  const uploader = single();
  const half = uploader.push({ file: makeFile("a"), name: "a", size: 10, state: "uploading", sent: 5 });
  uploader.withdrawing.ask = async () => {
    Object.assign(half, { state: "complete", isFinished: true });
    return true;
  };
  await add(uploader, makeFile("b"));
  assert.deepEqual(uploader.summary, ["b queued"]);
});

// --- dialogues ---

const accepting = (accept, options) => new FakeUploader({ limits: { accept }, options });

test("the inputs ask for what is taken", async () => {
  const uploader = accepting(["image/*", ".pdf"]);
  await uploader.choosing.choose();
  uploader.choosing.gallery();
  uploader.choosing.camera();
  uploader.choosing.chooseFolder();
  assert.deepEqual(uploader.opened, [
    [".chunked-uploads-input", "image/*,.pdf"],
    [".chunked-uploads-input", "image/*"],
    [".chunked-uploads-camera-input", "image/*"],
    [".chunked-uploads-folder-input", ""],
  ]);
});

/** An uploader in a browser with a picker, which gives what `pick` resolves to. */
function withPicker(pick, { accept = [], options, window = {} } = {}) {
  window.self = window.self || window;
  window.top = window.top || window;
  const scripts = load(NAMES, { window: Object.assign(window, { showOpenFilePicker: pick }) });
  return new FakeUploader({ scripts, limits: { accept }, options });
}

const makeHandle = (file, answers = {}) => ({
  name: "a",
  getFile: async () => {
    if (!file) throw new DOMException("It is gone.", "NotFoundError");
    return file;
  },
  queryPermission: async () => answers.query || "granted",
  requestPermission: async () => answers.request || "granted",
});

test("a picker gives files with their handles", async () => {
  const handle = makeHandle(makeFile("a"));
  const asked = [];
  const pick = async (options) => (asked.push(options), [handle, makeHandle(null)]);
  const uploader = withPicker(pick, { options: {} });
  await uploader.choosing.choose();
  assert.deepEqual([uploader.summary, uploader.uploads[0].handle], [["a queued"], handle]);
  assert.deepEqual(uploader.notes, [["unreadable", { names: "a" }]]);
  uploader.limits.accept = [".mp4"];
  uploader.options.multiple = false;
  await uploader.choosing.choose();
  assert.deepEqual(asked, [
    { id: "chunked-uploads", multiple: true, types: [] },
    { id: "chunked-uploads", multiple: false, types: [{ accept: { "application/x-files": [".mp4"] } }] },
  ]);
  assert.deepEqual(uploader.opened, []);
});

const failing = (name) => async () => {
  throw new DOMException("", name);
};

test("where a picker may not be used, the input is", async () => {
  const cases = [
    withPicker(failing("SecurityError")),
    withPicker(null, { accept: [".файл"] }),
    withPicker(null, { window: { top: {} } }),
    withPicker(null),
  ];
  cases[3].root.dataset.pointer = "coarse";
  for (const uploader of cases) {
    await uploader.choosing.choose();
    assert.equal(uploader.opened.length, 1);
  }
});

test("a picker in which nothing is chosen changes nothing", async () => {
  const uploader = withPicker(failing("AbortError"));
  const upload = uploader.push({ file: null, name: "a", size: 10, state: "missing" });
  await uploader.choosing.askFor(upload);
  assert.deepEqual([uploader.opened, uploader.choosing.wanted], [[], null]);
});

// --- going on without choosing ---

function missing(uploader, handle) {
  return uploader.push({ file: null, name: "a", size: 10, state: "missing", handle });
}

test("a file goes on by its handle, where the visitor lets it", async () => {
  for (const answers of [{}, { query: "prompt" }]) {
    const uploader = new FakeUploader();
    const handle = makeHandle(makeFile("a"), answers);
    const upload = missing(uploader, handle);
    await uploader.choosing.continueWith(upload);
    assert.deepEqual([upload.state, upload.isConfirmed, upload.handle], ["queued", true, handle]);
    assert.deepEqual([uploader.notes, uploader.opened], [[], []]);
  }
});

const LOST = [
  null,
  makeHandle(null),
  makeHandle(makeFile("a", 11)),
  makeHandle(makeFile("b")),
  makeHandle(makeFile("a"), { query: "prompt", request: "denied" }),
];

test("where a handle gives no such file, the visitor is asked for it", async () => {
  for (const handle of LOST) {
    const uploader = new FakeUploader();
    const upload = missing(uploader, handle);
    await uploader.choosing.continueWith(upload);
    assert.equal(upload.state, "missing");
    assert.deepEqual(uploader.notes, [["handle-lost", { name: "a" }]]);
    assert.equal(uploader.opened.length, 1);
    await give(uploader, makeFile("a"));
    assert.deepEqual([upload.state, upload.isConfirmed], ["queued", true]);
  }
});

test("an upload that ended while the visitor was asked is left alone", async () => {
  const uploader = new FakeUploader();
  const upload = missing(uploader, makeHandle(makeFile("a")));
  const going = uploader.choosing.continueWith(upload);
  upload.state = "cancelling";
  await going;
  assert.deepEqual([upload.state, uploader.opened], ["cancelling", []]);
});
