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

/** What lies above the page: it notes what is told, and answers questions. */
class FakeAbove {
  constructor(answer) {
    this.answer = answer;
    this.told = [];
    this.asked = [];
    this.last = null; // { undo, end } of the toast
  }

  tell(text, options) {
    if (this.last) this.last.end();
    this.told.push(text);
    this.last = options;
  }

  async ask(...question) {
    this.asked.push(question);
    return this.answer;
  }
}

/** An upload of which `held` bytes of `size` are on the server; it notes what is done. */
function uploadOf(name, held = 0, size = 10 * MB) {
  const upload = { name, held, size, isFinished: false, done: [] };
  ["withdraw", "restore", "cancel", "cancelInHaste"].forEach((action) => {
    upload[action] = () => upload.done.push(action);
  });
  return upload;
}

function setUp(answer = true) {
  const above = new FakeAbove(answer);
  return { above, withdrawing: new Withdrawing(above, TEXTS) };
}

test("the server is told when it can't be taken back any more", async () => {
  const { above, withdrawing } = setUp();
  const upload = uploadOf("a", MB);
  await withdrawing.withdraw([upload]);
  assert.deepEqual(upload.done, ["withdraw"]);
  assert.deepEqual(above.told, ["cancelled a"]);
  above.last.end();
  assert.deepEqual(upload.done, ["withdraw", "cancel"]);
});

test("what is taken back is never cancelled", async () => {
  const { above, withdrawing } = setUp();
  const upload = uploadOf("a");
  await withdrawing.withdraw([upload]);
  above.last.undo();
  above.last.end();
  withdrawing.settleInHaste();
  assert.deepEqual(upload.done, ["withdraw", "restore"]);
});

test("the next cancel makes the one before it final", async () => {
  const { withdrawing } = setUp();
  const [one, other] = [uploadOf("a"), uploadOf("b")];
  await withdrawing.withdraw([one]);
  await withdrawing.withdraw([other]);
  assert.deepEqual([one.done, other.done], [["withdraw", "cancel"], ["withdraw"]]);
});

test("a page that goes tells the server at once", async () => {
  const { withdrawing } = setUp();
  const upload = uploadOf("a");
  await withdrawing.withdraw([upload]);
  withdrawing.settleInHaste();
  assert.deepEqual(upload.done, ["withdraw", "cancelInHaste"]);
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
    const { above, withdrawing } = setUp(false);
    const upload = uploadOf("film.mov", held, size);
    await withdrawing.withdraw([upload]);
    assert.equal(above.asked.length > 0, isAsked, `${held} of ${size}`);
    assert.deepEqual(upload.done, isAsked ? [] : ["withdraw"]);
  }
});

test("after a yes the server is told at once", async () => {
  const { above, withdrawing } = setUp(true);
  const upload = uploadOf("film.mov", 8 * MB);
  await withdrawing.withdraw([upload]);
  assert.deepEqual(above.asked, [["ask-cancel film.mov", "ask-why 8 MB", "cancel"]]);
  assert.deepEqual(upload.done, ["cancel"]);
});

test("all together are one question and one sentence", async () => {
  const { above, withdrawing } = setUp(true);
  await withdrawing.withdraw([uploadOf("a", MB), uploadOf("b", MB)]);
  assert.deepEqual(above.told, ["cancelled-all 2 20 MB"]);
  await withdrawing.withdraw([uploadOf("a", MB), uploadOf("b", 9 * MB)]);
  assert.deepEqual(above.asked, [["ask-cancel-all 2 20 MB", "ask-why 10 MB", "cancel"]]);
  await withdrawing.withdraw([]);
  assert.equal(above.told.length, 1);
});
