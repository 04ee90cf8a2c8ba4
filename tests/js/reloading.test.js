"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

/** What a tab keeps from one page to the next. */
class FakeStorage {
  constructor() {
    this.items = {};
  }

  getItem(key) {
    return key in this.items ? this.items[key] : null;
  }

  setItem(key, value) {
    this.items[key] = value;
  }

  removeItem(key) {
    delete this.items[key];
  }
}

const open = (sessionStorage) => load(["reloading"], { window: { sessionStorage } });
const showing = (uuid, bytes, facts = {}) => ({
  known: uuid && { upload_uuid: uuid },
  progress: { shown: { bytes } },
  ...facts,
});

test("the next page of a tab knows what this one showed", () => {
  const storage = new FakeStorage();
  open(storage).keepShown([showing("a", 60), showing("b", 7)]);
  const { recallShown } = open(storage);
  assert.deepEqual(["a", "b", "c"].map((upload_uuid) => recallShown({ upload_uuid })), [60, 7, 0]);
});

test("only the next page knows it", () => {
  const storage = new FakeStorage();
  open(storage).keepShown([showing("a", 60)]);
  open(storage);
  assert.equal(open(storage).recallShown({ upload_uuid: "a" }), 0);
});

test("what is finished, cancelled or unknown to the server is not kept", () => {
  const storage = new FakeStorage();
  open(storage).keepShown([
    showing("a", 60, { isFinished: true }),
    showing("b", 60, { isCancelled: true }),
    showing(null, 60),
  ]);
  const { recallShown } = open(storage);
  assert.deepEqual(["a", "b"].map((upload_uuid) => recallShown({ upload_uuid })), [0, 0]);
});

test("a browser that keeps nothing shows the truth", () => {
  const barred = {
    getItem() {
      throw new DOMException("Access is denied.", "SecurityError");
    },
    setItem() {
      throw new DOMException("It is full.", "QuotaExceededError");
    },
  };
  const page = open(barred);
  page.keepShown([showing("a", 60)]);
  assert.equal(page.recallShown({ upload_uuid: "a" }), 0);
});

test("what others put there does no harm", () => {
  for (const text of ["null", "7", "[", '{"a": "much"}']) {
    const storage = new FakeStorage();
    storage.setItem("chunked-uploads-shown", text);
    assert.equal(open(storage).recallShown({ upload_uuid: "a" }), 0);
  }
});
