"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { Formatter } = load(["formatting"]);

// Spaces that keep a number and its unit on one line, as plain ones.
const plain = (text) => text.replace(/\u00a0/g, " ").replace("/\u2060", "/");

const BYTES = [
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1 kB"],
  [1234, "1.2 kB"],
  [14_000, "14 kB"],
  [99_950, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1 MB"],
  [12_345_678, "12 MB"],
  [9.4e9, "9.4 GB"],
  [17.12e9, "17.1 GB"],
  [170.6e9, "171 GB"],
  [5e12, "5 TB"],
  [5e15, "5,000 TB"],
];

test("bytes are shown in the unit that suits them", () => {
  const format = new Formatter("en");
  for (const [count, text] of BYTES) assert.equal(plain(format.bytes(count)), text);
});

const PARTS = [
  [5.8e9, 9.4e9, "5.8"],
  [41e6, 9.4e9, "0.0"],
  [60.9e6, 82e6, "61"],
  [0, 500, "0"],
];

test("a part is told in the unit of the whole", () => {
  const format = new Formatter("en");
  for (const [count, total, text] of PARTS) assert.equal(format.part(count, total), text);
});

const DURATIONS = [
  [0, "5 sec"],
  [5.1, "10 sec"],
  [59, "60 sec"],
  [60, "1 min"],
  [61, "2 min"],
  [59 * 60, "59 min"],
  [60 * 60, "1 hr"],
  [90 * 60, "1 hr 30 min"],
  [24 * 3600, "1 day"],
  [36 * 3600, "2 days"],
];

test("durations are no more precise than they can be", () => {
  const format = new Formatter("en");
  for (const [seconds, text] of DURATIONS) {
    assert.equal(plain(format.duration(seconds)), text);
  }
});

test("speeds and shares have their units", () => {
  const format = new Formatter("en");
  assert.equal(plain(format.speed(131_072)), "131 kB/s");
  assert.equal(format.percent(29), "29%");
});

test("numbers are written as in the reader's language", () => {
  assert.equal(plain(new Formatter("de").bytes(1234)), "1,2 kB");
  assert.equal(plain(new Formatter("de").percent(29)), "29 %");
  assert.match(new Formatter("ar-EG").bytes(1234), /١٫٢/);
});

test("a number and its unit stay on one line", () => {
  const format = new Formatter("en");
  assert.equal(format.bytes(1234), "1.2\u00a0kB");
  assert.equal(format.speed(1234), "1.2\u00a0kB/\u2060s");
});

// Sizes and their texts, by language: also on the server, in tests/core/test_amounts.py.
const SIZES = require("../core/sizes.json");

test("bytes are shown as the server writes them", () => {
  for (const [language, sizes] of Object.entries(SIZES)) {
    const format = new Formatter(language);
    for (const [count, text] of sizes) assert.equal(format.bytes(count), text);
  }
});
