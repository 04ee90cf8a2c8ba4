"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const MB = 1e6;
const { Withdrawing } = load(["withdrawing"]);
const TEXTS = {
  format: { bytes: (count) => `${count / MB} MB` },
  text: (key, values = {}) => `${key} ${Object.values(values).join(" ")}`.trim(),
  count: (key, count, { size }) => `${key} ${count} ${size}`,
};

/** What the visitor sees and hears: it notes what is told, and answers questions. */
class FakeView {
  constructor(answer, isCompact = false) {
    this.answer = answer;
    this.isCompact = isCompact;
    this.texts = TEXTS;
    this.told = [];
    this.asked = [];
    this.said = [];
    this.focused = [];
    this.toast = null; // { undo, end } of the one that is shown
    this.speaking = { say: (text) => this.said.push(text) };
    this.above = this;
  }

  tell(text, options) {
    this.told.push(text);
    this.toast = options;
  }

  hideToast() {
    this.toast = null;
  }

  dismissToast() {
    this.toast.end();
    this.hideToast();
  }

  focusRow(upload) {
    this.focused.push(upload.name);
  }

  async ask(...question) {
    this.asked.push(question);
    return this.answer;
  }
}

/** An upload of which `held` bytes of `size` are on the server; it notes what is done. */
function uploadOf(name, held = 0, size = 10 * MB, state = "uploading") {
  const upload = { name, held, size, state, isFinished: state === "complete", isCancelled: false, done: [] };
  ["withdraw", "restore", "cancel", "cancelInHaste"].forEach((action) => {
    upload[action] = () => {
      upload.done.push(action);
      upload.isCancelled = action !== "restore";
    };
  });
  return upload;
}

function setUp(answer = true, isCompact = false) {
  const view = new FakeView(answer, isCompact);
  return { view, withdrawing: new Withdrawing(view) };
}

test("the server is told when it can't be taken back any more", async () => {
  const { view, withdrawing } = setUp();
  const upload = uploadOf("a", MB);
  await withdrawing.withdraw([upload]);
  assert.deepEqual(upload.done, ["withdraw"]);
  assert.deepEqual(view.told, ["cancelled a"]);
  view.toast.end();
  assert.deepEqual(upload.done, ["withdraw", "cancel"]);
});

test("what is taken back is never cancelled", async () => {
  const { view, withdrawing } = setUp();
  const upload = uploadOf("a");
  await withdrawing.withdraw([upload]);
  view.toast.undo();
  view.toast.end();
  withdrawing.settleInHaste();
  assert.deepEqual(upload.done, ["withdraw", "restore"]);
  assert.deepEqual([view.said, view.focused], [["undone a"], ["a"]]);
});

test("what is cancelled one after the other can be taken back together", async () => {
  const { view, withdrawing } = setUp();
  const [one, other] = [uploadOf("a"), uploadOf("b")];
  await withdrawing.withdraw([one]);
  await withdrawing.withdraw([other]);
  assert.deepEqual(view.told, ["cancelled a", "cancelled-all 2 20 MB"]);
  assert.deepEqual([one.done, other.done], [["withdraw"], ["withdraw"]]);
  view.toast.undo();
  assert.deepEqual([one.done, other.done], [["withdraw", "restore"], ["withdraw", "restore"]]);
});

test("a second press changes nothing", async () => {
  const { view, withdrawing } = setUp();
  const upload = uploadOf("a");
  await withdrawing.withdraw([upload]);
  await withdrawing.withdraw([upload]);
  assert.deepEqual([upload.done, view.told], [["withdraw"], ["cancelled a"]]);
});

test("a file that is chosen again is taken back alone", async () => {
  const { view, withdrawing } = setUp();
  const [one, other] = [uploadOf("a"), uploadOf("b")];
  await withdrawing.withdraw([one, other]);
  withdrawing.reclaim(one);
  assert.deepEqual([one.done, other.done], [["withdraw", "restore"], ["withdraw"]]);
  assert.equal(view.told.pop(), "cancelled b");
  withdrawing.reclaim(other);
  assert.equal(view.toast, null);
});

test("what takes its place makes a cancel final", async () => {
  const { view, withdrawing } = setUp();
  const upload = uploadOf("a");
  withdrawing.settleNow();
  await withdrawing.withdraw([upload]);
  withdrawing.settleNow();
  assert.deepEqual([upload.done, view.toast], [["withdraw", "cancel"], null]);
});

test("a large file that only a form would keep is asked for too", () => {
  const complete = uploadOf("a", 200 * MB, 200 * MB, "complete");
  assert.equal(setUp(true, true).withdrawing.isWorthAsking([complete]), true);
  assert.equal(setUp(true, false).withdrawing.isWorthAsking([complete]), false);
});

test("a page that goes tells the server at once", async () => {
  const { view, withdrawing } = setUp();
  const upload = uploadOf("a");
  await withdrawing.withdraw([upload]);
  withdrawing.settleInHaste();
  assert.deepEqual([upload.done, view.toast], [["withdraw", "cancelInHaste"], null]);
});

const MUCH = [
  [0, 10 * MB, false],
  [5 * MB, 10 * MB, false],
  [5 * MB + 1, 10 * MB, true],
  [100 * MB, 1000 * MB, false],
  [100 * MB + 1, 1000 * MB, true],
];

test("where much would be lost it is asked for first", async () => {
  for (const [held, size, isAsked] of MUCH) {
    const { view, withdrawing } = setUp(false);
    const upload = uploadOf("film.mov", held, size);
    await withdrawing.withdraw([upload]);
    assert.equal(view.asked.length > 0, isAsked, `${held} of ${size}`);
    assert.deepEqual(upload.done, isAsked ? [] : ["withdraw"]);
  }
});

test("after a yes the server is told at once", async () => {
  const { view, withdrawing } = setUp(true);
  const upload = uploadOf("film.mov", 8 * MB);
  await withdrawing.withdraw([upload]);
  assert.deepEqual(view.asked, [["ask-cancel film.mov", "ask-why 8 MB", "cancel"]]);
  assert.deepEqual(upload.done, ["cancel"]);
});

test("all together are one question and one sentence", async () => {
  const { view, withdrawing } = setUp(true);
  await withdrawing.withdraw([uploadOf("a", MB), uploadOf("b", MB)]);
  assert.deepEqual(view.told, ["cancelled-all 2 20 MB"]);
  await withdrawing.withdraw([uploadOf("a", MB), uploadOf("b", 9 * MB)]);
  assert.deepEqual(view.asked, [["ask-cancel-all 2 20 MB", "ask-why 10 MB", "cancel"]]);
  assert.deepEqual(view.told.slice(1), ["cancelled-all 2 20 MB"]);
  assert.equal(await withdrawing.withdraw([]), false);
});

test("of a size that nobody said, much is asked for, and little can be taken back", async () => {
  const { view, withdrawing } = setUp();
  const upload = uploadOf("a", MB, null, "missing");
  await withdrawing.withdraw([upload]);
  assert.deepEqual([view.asked.length, upload.done], [0, ["withdraw"]]);
  await withdrawing.withdraw([uploadOf("b", 200 * MB, null, "missing")]);
  assert.equal(view.asked.length, 1);
});
