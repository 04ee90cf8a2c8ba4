"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const KEPT = require("../core/names.json");
const { Clock, load } = require("./loading.js");

const NOW = Date.UTC(2026, 10, 28, 14, 3, 22);

/** Days of the visitor's clock, which is hours ahead of or behind UTC. */
function page(offset = 0) {
  const clock = new Clock(NOW);
  class Day extends Date {
    static now() {
      return clock.now;
    }

    getTimezoneOffset() {
      return offset;
    }
  }
  return { clock, ...load(["naming"], { Date: Day }) };
}

const { keptName, withoutClutter } = page();

// --- as the server keeps them ---

test("a name is kept as the server keeps it", () => {
  for (const [name, kept] of KEPT) assert.equal(keptName(name), kept);
});

test("a name that is cut keeps its extension", () => {
  const x = (count) => "x".repeat(count);
  for (const [name, kept] of [
    [x(500), x(500)],
    [x(5000), x(500)],
    [`${x(5000)}.mp4`, `${x(496)}.mp4`],
    [`${"🎬".repeat(499)}.mp4`, `${"🎬".repeat(496)}.mp4`],
    ["🎬".repeat(500), "🎬".repeat(500)],
    [`.${x(5000)}`, `.${x(499)}`],
    [`x.${"y".repeat(5000)}`, `x.${"y".repeat(498)}`],
  ]) {
    assert.equal(keptName(name), kept);
  }
});

// --- names of their own ---

const picture = (name, lastModified = NOW) => new File(["p"], name, { type: "image/png", lastModified });

test("pictures that came without a name are named by the visitor's clock", () => {
  const { clock, withOwnName } = page(-120);
  const names = () => withOwnName(picture("image.png")).name;
  assert.equal(names(), "image-2026-11-28-16-03-22.png");
  assert.equal(names(), "image-2026-11-28-16-03-22-2.png");
  clock.now += 1000;
  assert.equal(names(), "image-2026-11-28-16-03-23.png");
  assert.equal(withOwnName(picture("image.JPG")).name, "image-2026-11-28-16-03-23-2.JPG");
});

test("a picture keeps what else it is", async () => {
  const named = page().withOwnName(picture("image.png", NOW - 5));
  assert.deepEqual([named.type, named.lastModified], ["image/png", NOW - 5]);
  assert.equal(await named.text(), "p");
});

test("files that have a name keep it", () => {
  const { withOwnName } = page();
  for (const file of [picture("image.png", NOW - 120_000), picture("my image.png"), picture("image")]) {
    assert.equal(withOwnName(file), file);
  }
});

// --- what nobody meant to send ---

const CLUTTER = [
  [["f/.DS_Store", "f/a"], ["f/a"]],
  [["a", "Thumbs.db", "DESKTOP.INI"], ["a"]],
  [["f/g/Icon\r", "f/g/Icon"], ["f/g/Icon"]],
  [["f/._a", "f/a", "f/._b", "g/b"], ["f/a", "f/._b", "g/b"]],
  [["._a", "a"], ["a"]],
  [["f/.DS_Store"], []],
  [[".DS_Store"], [".DS_Store"]],
  [["f/.htaccess", "f/thumbs.db.txt"], ["f/.htaccess", "f/thumbs.db.txt"]],
];

test("what systems put into folders is left out, and a file that came alone is not", () => {
  const originOf = (place) =>
    place.includes("/")
      ? { file: { name: place.split("/").pop() }, path: place }
      : { file: { name: place }, path: "" };
  for (const [places, left] of CLUTTER) {
    const found = withoutClutter(places.map(originOf));
    assert.deepEqual(found.map(({ file, path }) => path || file.name), left);
  }
});

test("files that could not be read stay, to be named", () => {
  const unread = { file: null, path: "f/a" };
  assert.deepEqual(withoutClutter([unread, { file: null, path: "f/.DS_Store" }]), [unread]);
});
