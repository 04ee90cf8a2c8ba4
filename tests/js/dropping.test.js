"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, allDone, load, loadAgain } = require("./loading.js");

const NAMES = ["naming", "gathering", "dropping"];

/** An element that answers what it is asked; `is` has the selectors that fit it. */
class FakeElement {
  constructor(order, { is = [], parent = null, isSeen = true } = {}) {
    Object.assign(this, { order, is, parent, isSeen, isContentEditable: is.includes("editor") });
  }

  getClientRects() {
    return this.isSeen ? [{}] : [];
  }

  contains(other) {
    return other === this || Boolean(other && other.parent && this.contains(other.parent));
  }

  matches(selectors) {
    return selectors.split(", ").some((selector) => this.is.includes(selector));
  }

  closest(selectors) {
    return this.matches(selectors) ? this : this.parent && this.parent.closest(selectors);
  }

  compareDocumentPosition(other) {
    return this.order < other.order ? 4 : 2;
  }
}

/** A page with uploaders, whose drags, drops and pastes come from here. */
class FakePage {
  constructor() {
    this.clock = new Clock();
    this.listeners = [];
    this.dialogs = [];
    this.log = [];
    const window = {
      addEventListener: (name, act, isCapturing) => this.listeners.push({ name, act, isCapturing: isCapturing === true }),
    };
    const document = {
      body: new FakeElement(0),
      querySelectorAll: (selector) => (assert.equal(selector, "dialog:modal"), this.dialogs),
    };
    this.body = document.body;
    this.globals = { window, document, Element: FakeElement, Node: { DOCUMENT_POSITION_FOLLOWING: 4 }, ...this.clock.globals };
    this.scripts = load(NAMES, this.globals);
  }

  /** Put an uploader there; what it is given and shows goes to the log. */
  put(name, order, facts = {}) {
    const { isFull = false, ...looks } = facts;
    const root = new FakeElement(order, { parent: this.body, ...looks });
    const controller = new AbortController();
    this.scripts.listen(root, {
      add: (found) => this.log.push([name, "add", ...found.map(({ file }) => file.name)]),
      showDrag: (drag) => this.log.push([name, drag && drag.count]),
      isFull: () => isFull,
      signal: controller.signal,
    });
    return { root, inside: new FakeElement(order + 0.5, { parent: root }), leave: () => controller.abort() };
  }

  /** Let an event happen at an element; returns it, and empties the log into it. */
  async happen(name, target, { files = ["a"], types = ["Files"], ...more } = {}) {
    const items = files.map((each) => ({ kind: "file", getAsFile: () => ({ name: each }) }));
    const transfer = { types, items, files: files.map((each) => ({ name: each })) };
    const event = {
      target,
      relatedTarget: null,
      defaultPrevented: false,
      preventDefault: () => (event.defaultPrevented = event.isTaken = true),
      [name === "paste" ? "clipboardData" : "dataTransfer"]: transfer,
      isTaken: false,
      ...more,
    };
    const heard = this.listeners.filter((each) => each.name === name);
    heard.filter(({ isCapturing }) => isCapturing).forEach(({ act }) => act(event));
    if (!more.isStopped) heard.filter(({ isCapturing }) => !isCapturing).forEach(({ act }) => act(event));
    await allDone();
    event.effect = transfer.dropEffect;
    event.log = this.log.splice(0);
    return event;
  }
}

// --- whose it is ---

test("what is dropped anywhere goes to the first uploader, in the page's order", async () => {
  const page = new FakePage();
  page.put("second", 20);
  page.put("first", 10);
  const over = await page.happen("dragover", page.body, { files: ["a", "b"] });
  assert.deepEqual([over.log, over.isTaken, over.effect], [[["first", 2]], true, "copy"]);
  const { log, isTaken } = await page.happen("drop", page.body, { files: ["a", "b"] });
  assert.deepEqual([log, isTaken], [[["first", null], ["first", "add", "a", "b"]], true]);
});

test("the uploader under the pointer comes before the first", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const { inside } = page.put("second", 20);
  await page.happen("dragover", page.body);
  const { log } = await page.happen("dragover", inside);
  assert.deepEqual(log, [["first", null], ["second", 1]]);
  assert.deepEqual((await page.happen("dragover", inside)).log, []); // nothing new
  assert.deepEqual((await page.happen("drop", inside)).log, [["second", null], ["second", "add", "a"]]);
});

const UNUSABLE = [{ isSeen: false }, { is: ["fieldset:disabled *"] }, { is: ["[inert] *"] }];

test("an uploader that the visitor could not use takes nothing", async () => {
  for (const facts of UNUSABLE) {
    const page = new FakePage();
    const { inside } = page.put("first", 10, facts);
    for (const target of [page.body, inside]) {
      const over = await page.happen("dragover", target);
      // Else the browser would open the file in place of the page.
      assert.deepEqual([over.log, over.isTaken, over.effect], [[], true, "none"]);
      assert.deepEqual((await page.happen("drop", target)).log, []);
    }
    page.put("second", 20);
    assert.deepEqual((await page.happen("dragover", page.body)).log, [["second", 1]]);
  }
});

test("behind a modal dialogue nothing takes anything", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const dialog = new FakeElement(30);
  page.dialogs = [dialog];
  assert.equal((await page.happen("dragover", dialog)).effect, "none");
  page.put("in it", 40, { parent: dialog });
  assert.deepEqual((await page.happen("dragover", dialog)).log, [["in it", 1]]);
});

test("what is there is replaced by a drop on it or a paste into it, not from afar", async () => {
  const page = new FakePage();
  const { inside } = page.put("first", 10, { isFull: true });
  assert.equal((await page.happen("dragover", page.body)).effect, "none");
  assert.deepEqual((await page.happen("drop", page.body)).log, []);
  assert.deepEqual((await page.happen("paste", page.body)).log, []);
  assert.deepEqual((await page.happen("drop", inside)).log, [["first", "add", "a"]]);
  assert.deepEqual((await page.happen("paste", inside)).log, [["first", "add", "a"]]);
  page.put("second", 20);
  assert.deepEqual((await page.happen("drop", page.body)).log, [["second", "add", "a"]]);
});

// --- what is others' ---

test("other inputs of files, and elements that take drops themselves, are left alone", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const input = new FakeElement(50, { is: ["input[type=file]"], parent: page.body });
  for (const [target, more] of [[input, {}], [page.body, { defaultPrevented: true }]]) {
    for (const name of ["dragover", "drop"]) {
      const { log, isTaken } = await page.happen(name, target, more);
      assert.deepEqual([log, isTaken], [[], false]);
    }
  }
});

test("an editor may take a drop of which it said nothing before", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const editor = new FakeElement(50, { is: ["editor"], parent: page.body });
  assert.deepEqual((await page.happen("dragover", editor)).log, []);
  assert.deepEqual((await page.happen("drop", editor, { defaultPrevented: true })).log, []);
  assert.deepEqual((await page.happen("drop", editor)).log, [["first", "add", "a"]]);
});

test("an element that stops a drop ends what was shown of the drag", async () => {
  const page = new FakePage();
  page.put("first", 10);
  await page.happen("dragover", page.body);
  assert.deepEqual((await page.happen("drop", page.body, { isStopped: true })).log, [["first", null]]);
});

test("drags without files, and of the page's own images, concern nobody", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const text = await page.happen("dragover", page.body, { types: ["text/plain"] });
  assert.deepEqual([text.log, text.isTaken], [[], false]);
  await page.happen("dragstart", page.body);
  assert.deepEqual((await page.happen("dragover", page.body)).log, []);
  await page.happen("dragend", page.body);
  assert.deepEqual((await page.happen("dragover", page.body)).log, [["first", 1]]);
});

test("where there is no uploader, the page is as it was", async () => {
  const page = new FakePage();
  page.put("first", 10).leave();
  const { log, isTaken } = await page.happen("dragover", page.body);
  assert.deepEqual([log, isTaken], [[], false]);
});

// --- its end ---

test("a drag ends where it leaves the window, or is silent", async () => {
  const page = new FakePage();
  page.put("first", 10);
  for (const leave of [true, false]) {
    await page.happen("dragover", page.body);
    // To another element, or to one that the browser does not tell of.
    await page.happen("dragleave", page.body, { relatedTarget: page.body });
    await page.happen("dragleave", page.body);
    await page.happen("dragover", page.body);
    await page.clock.advance(699);
    assert.deepEqual(page.log, []);
    if (leave) await page.happen("dragleave", page.body);
    await page.clock.advance(leave ? 100 : 1);
    assert.deepEqual(page.log.splice(0), [["first", null]]);
  }
});

test("an uploader that leaves during a drag shows it no more", async () => {
  const page = new FakePage();
  const { leave } = page.put("first", 10);
  await page.happen("dragover", page.body);
  leave();
  assert.deepEqual(page.log, [["first", null]]);
});

test("scripts that a page brought twice take a drop once", async () => {
  const page = new FakePage();
  const count = page.listeners.length;
  page.scripts = loadAgain(NAMES, page.globals);
  assert.equal(page.listeners.length, count);
  page.put("first", 10);
  assert.deepEqual((await page.happen("drop", page.body)).log, [["first", "add", "a"]]);
});

// --- pastes ---

test("what is pasted goes to the uploader around it, or to the first", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const { inside } = page.put("second", 20);
  assert.deepEqual((await page.happen("paste", inside)).log, [["second", "add", "a"]]);
  const { log, isTaken } = await page.happen("paste", page.body);
  assert.deepEqual([log, isTaken], [[["first", "add", "a"]], true]);
});

test("what is pasted into a text field stays there", async () => {
  const page = new FakePage();
  page.put("first", 10);
  const input = new FakeElement(50, { is: ["input"], parent: page.body });
  for (const [target, more] of [[input, {}], [page.body, { defaultPrevented: true }]]) {
    const { log, isTaken } = await page.happen("paste", target, more);
    assert.deepEqual([log, isTaken], [[], false]);
  }
});
