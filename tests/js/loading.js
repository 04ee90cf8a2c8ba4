"use strict";

/*
 * Loads the page's own sources outside of a browser, and what they find there: a clock
 * that stands until it is told to go on, and chance that is none.
 */
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { compileFunction } = require("node:vm");

const SOURCES = join(__dirname, "../../chunked_uploads/static/chunked_uploads/js/src");

/**
 * Return the ChunkedUploads that the sources of these names make, one after the other.
 *
 * `window` is theirs; each of `globals` takes the place of Node's of that name.
 */
function load(names, { window = {}, ...globals } = {}) {
  window.ChunkedUploads = {};
  return loadAgain(names, { window, ...globals });
}

/** The same in a window where they are already, or some of them. */
function loadAgain(names, scope) {
  names.forEach((name) => {
    const filename = join(SOURCES, `${name}.js`);
    const code = readFileSync(filename, "utf8");
    compileFunction(code, Object.keys(scope), { filename })(...Object.values(scope));
  });
  return scope.window.ChunkedUploads;
}

/** A clock that tests set, in milliseconds, with all timers that go by it. */
class Clock {
  constructor(now = 1_000_000) {
    this.now = now;
    this.timers = new Map(); // id -> { due, call, every }
    this.last = 0;
  }

  /** What a browser's clock is asked by. */
  get globals() {
    return {
      performance: { now: () => this.now },
      Date: Object.create(Date, { now: { value: () => this.now } }),
      setTimeout: (call, wait = 0) => this.add(call, wait),
      setInterval: (call, wait) => this.add(call, wait, wait),
      clearTimeout: (id) => this.timers.delete(id),
      clearInterval: (id) => this.timers.delete(id),
    };
  }

  add(call, wait, every = null) {
    this.last += 1;
    this.timers.set(this.last, { due: this.now + wait, call, every });
    return this.last;
  }

  /** Let time go by, and all happen that is due until then. */
  async advance(milliseconds) {
    const end = this.now + milliseconds;
    await allDone();
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.due <= end);
      if (!due.length) break;
      const [id, timer] = due.sort(([, one], [, other]) => one.due - other.due)[0];
      this.now = Math.max(this.now, timer.due);
      if (timer.every === null) this.timers.delete(id);
      else timer.due = this.now + timer.every;
      timer.call();
      await allDone();
    }
    this.now = end;
  }
}

/** Resolves when all promises that need nothing more have gone on. */
function allDone() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Math whose random() is always `value`. */
function chance(value) {
  return Object.create(Math, { random: { value: () => value } });
}

module.exports = { Clock, SOURCES, allDone, chance, load, loadAgain };
