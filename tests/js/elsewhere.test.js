"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, allDone, load, loadAgain } = require("./loading.js");

const { Texts } = load(["formatting", "texts"]);

/** Texts that are their keys. */
class TextsOfKeys extends Texts {
  constructor() {
    super({ lang: "en", getAttribute: () => null, querySelector: () => null, dispatchEvent() {} });
  }

  text(key) {
    return key;
  }

  count(key, count) {
    return `${count} ${key}`;
  }
}

/** A tab with uploaders, a title, a screen that can be kept on, and notifications. */
class FakeTab {
  constructor({ permission = "default", answer = "granted", isCoarse = false, isSecure = true, request } = {}) {
    this.clock = new Clock();
    this.uploaders = new Set();
    this.listeners = new Map();
    this.locks = []; // each whether it is held
    this.shown = []; // notifications
    this.document = {
      title: "Films",
      hidden: false,
      hasFocus: () => this.isFocused,
      addEventListener: (name, act) => {
        const before = this.listeners.get(name) || (() => {});
        this.listeners.set(name, () => (before(), act()));
      },
    };
    this.isFocused = true;
    const tab = this;
    class Notification {
      constructor(title, options) {
        tab.shown.push({ title, ...options, click: () => this.onclick() });
      }

      close() {
        tab.shown.pop();
      }

      static requestPermission() {
        Notification.permission = answer;
        return Promise.resolve(answer);
      }
    }
    Notification.permission = permission;
    const window = { isSecureContext: isSecure, Notification, focus: () => (this.isFocused = true) };
    const wakeLock = { request: request || (async (kind) => this.lock(kind)) };
    const globals = {
      window,
      Notification,
      document: this.document,
      navigator: { wakeLock },
      matchMedia: () => ({ matches: isCoarse }),
      ...this.clock.globals,
    };
    const scripts = load(["elsewhere"], globals);
    this.bringAgain = () => {
      this.uploaders = loadAgain(["elsewhere"], globals).uploaders;
    };
    this.uploaders = scripts.uploaders;
    this.notification = scripts.notification;
  }

  lock(kind) {
    assert.equal(kind, "screen");
    const lock = { isHeld: true, release: async () => (lock.isHeld = false) };
    this.locks.push(lock);
    return lock;
  }

  get held() {
    return this.locks.filter(({ isHeld }) => isHeld).length;
  }

  /** Put an uploader there, of uploads as `[state, sent, size, name]`. */
  put(...facts) {
    const uploader = {
      view: { texts: new TextsOfKeys() },
      queue: {
        total: () => totalOf(uploader.uploads),
        get counted() {
          return uploader.uploads;
        },
      },
      uploads: [],
    };
    this.uploaders.add(uploader);
    this.change(uploader, ...facts);
    return uploader;
  }

  change(uploader, ...facts) {
    uploader.uploads = facts.map(([state, sent = 0, size = 100, name = "a"]) => {
      return { state, sent, size, name, isGoing: ["queued", "uploading", "waiting"].includes(state) };
    });
  }

  /** Let something be told of uploads, and enough time go by that it is seen. */
  async tell(name = "progress") {
    this.listeners.get(`chunkeduploads:${name}`)();
    await this.clock.advance(500);
    await allDone();
  }

  async turn(isHidden) {
    this.document.hidden = isHidden;
    // It ends with the sight of the page.
    if (isHidden) this.locks.forEach((lock) => (lock.isHeld = false));
    this.listeners.get("visibilitychange")();
    await allDone();
  }
}

function totalOf(uploads) {
  const sum = (name) => uploads.reduce((total, upload) => total + upload[name], 0);
  const count = (state) => uploads.filter((upload) => upload.state === state).length;
  const [sent, size] = [sum("sent"), sum("size")];
  return {
    sent,
    size,
    percent: Math.floor((sent * 100) / size),
    isGoing: uploads.some((upload) => upload.isGoing),
    isResting: count("paused") > 0,
    count: uploads.length - count("refused"),
    complete: count("complete"),
    refused: count("refused"),
    failed: count("failed"),
  };
}

// --- the title ---

test("the title says how far all are, until nothing runs", async () => {
  const tab = new FakeTab();
  const uploader = tab.put(["uploading", 46]);
  await tab.tell();
  assert.equal(tab.document.title, "46% · Films");
  tab.change(uploader, ["uploading", 47]);
  await tab.tell();
  assert.equal(tab.document.title, "47% · Films");
  tab.change(uploader, ["paused", 48]);
  await tab.tell("stop");
  assert.equal(tab.document.title, "Films");
});

test("several uploaders share the title", async () => {
  const tab = new FakeTab();
  const one = tab.put(["uploading", 50]);
  tab.put(["uploading", 0, 900], ["complete", 0, 0]);
  tab.put();
  await tab.tell();
  assert.equal(tab.document.title, "5% · Films");
  tab.uploaders.delete(one);
  await tab.tell("stop");
  assert.equal(tab.document.title, "0% · Films");
});

test("a title that the page changed meanwhile stays as the page has it", async () => {
  for (const [changed, during, after] of [
    ["Other films", "46% · Other films", "Other films"],
    ["(1) 46% · Films", "(1) 46% · Films", "(1) Films"],
    ["", "46%", ""],
  ]) {
    const tab = new FakeTab();
    const uploader = tab.put(["uploading", 46]);
    await tab.tell();
    tab.document.title = changed;
    await tab.tell();
    assert.equal(tab.document.title, during);
    tab.change(uploader, ["complete", 100]);
    await tab.tell("stop");
    assert.equal(tab.document.title, after);
  }
});

test("a title is not written where nothing changed", async () => {
  const tab = new FakeTab();
  tab.put(["uploading", 46]);
  await tab.tell();
  Object.freeze(tab.document);
  await tab.tell();
  await tab.tell();
});

test("scripts that a page brought twice share the title", async () => {
  const tab = new FakeTab();
  tab.put(["uploading", 50]);
  tab.bringAgain();
  tab.put(["uploading", 0]);
  await tab.tell();
  assert.equal(tab.document.title, "25% · Films");
});

// --- the screen ---

test("the screen stays on while anything is on its way", async () => {
  const tab = new FakeTab();
  const uploader = tab.put(["uploading", 1]);
  await tab.tell("start");
  await tab.tell();
  assert.deepEqual([tab.locks.length, tab.held], [1, 1]);
  tab.change(uploader, ["complete", 100]);
  await tab.tell("stop");
  assert.equal(tab.held, 0);
});

test("a page that is seen again keeps the screen on again", async () => {
  const tab = new FakeTab();
  const uploader = tab.put(["uploading", 1]);
  await tab.tell();
  await tab.turn(true);
  await tab.tell();
  assert.equal(tab.held, 0);
  await tab.turn(false);
  assert.equal(tab.held, 1);
  tab.change(uploader, ["paused", 1]);
  await tab.tell("stop");
  await tab.turn(true);
  await tab.turn(false);
  assert.equal(tab.held, 0);
});

test("a browser that keeps no screen on is not asked again and again", async () => {
  let asked = 0;
  const request = async () => {
    asked += 1;
    throw new DOMException("The battery is low.", "NotAllowedError");
  };
  const tab = new FakeTab({ request });
  tab.put(["uploading", 1]);
  await tab.tell();
  await tab.tell();
  assert.equal(asked, 1);
  await tab.turn(false);
  assert.equal(asked, 2);
});

test("a lock that comes too late is given back", async () => {
  const waiting = [];
  const tab = new FakeTab({ request: () => new Promise((resolve) => waiting.push(resolve)) });
  const uploader = tab.put(["uploading", 1]);
  await tab.tell();
  tab.change(uploader, ["complete", 100]);
  await tab.tell("stop");
  waiting[0](tab.lock("screen"));
  await allDone();
  assert.equal(tab.held, 0);
});

// --- the notification ---

async function endOf(tab, ...facts) {
  const uploader = tab.put(["uploading", 1]);
  await tab.tell();
  tab.change(uploader, ...facts);
  await tab.tell("stop");
  return tab.shown;
}

test("who asked for it and is elsewhere is told of the end, once", async () => {
  const tab = new FakeTab();
  assert.equal(tab.notification.isOffered, true);
  assert.equal(await tab.notification.ask(), true);
  assert.deepEqual([tab.notification.isOffered, tab.notification.isAsked], [false, true]);
  tab.isFocused = false;
  await endOf(tab, ["complete", 100], ["complete", 100]);
  await tab.tell("idle");
  const [{ title, body, click }, ...more] = tab.shown;
  assert.deepEqual([title, body, more], ["2 all-complete", "Films", []]);
  click();
  assert.deepEqual([tab.isFocused, tab.shown], [true, []]);
});

test("an end that was not all good is told as it was", async () => {
  for (const [facts, title] of [
    [[["complete", 9], ["failed", 1], ["refused"], ["complete", 9]], "2 complete-count · 1 refused-count · 1 failed-count"],
    [[["failed", 1, 100, "film.mp4"]], "film.mp4: failed"],
    [[["complete", 1, 100, "film.mp4"]], "film.mp4: complete"],
  ]) {
    const tab = new FakeTab();
    await tab.notification.ask();
    tab.document.hidden = true;
    assert.equal((await endOf(tab, ...facts))[0].title, title);
  }
});

test("who did not ask, or looks at the page, or stopped all, is not told", async () => {
  const here = new FakeTab();
  await here.notification.ask();
  assert.deepEqual(await endOf(here, ["complete", 100]), []);
  const unasked = new FakeTab({ permission: "granted" });
  unasked.isFocused = false;
  assert.deepEqual(await endOf(unasked, ["complete", 100]), []);
  const stopped = new FakeTab();
  await stopped.notification.ask();
  stopped.isFocused = false;
  assert.deepEqual(await endOf(stopped, ["paused", 50], ["complete", 100]), []);
});

test("it is offered where the browser could show it", async () => {
  assert.equal(new FakeTab({ permission: "denied" }).notification.isOffered, false);
  assert.equal(new FakeTab({ isSecure: false }).notification.isOffered, false);
  assert.equal(new FakeTab({ isCoarse: true }).notification.isOffered, false);
  const { notification } = new FakeTab({ answer: "denied" });
  assert.equal(await notification.ask(), false);
  assert.deepEqual([notification.isOffered, notification.isAsked], [false, false]);
});
