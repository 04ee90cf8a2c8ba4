"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { ChunkSizer } = load(["failures", "server", "sizing"]);
const KIB = 1024;

test("chunks are as large as the line is fast", () => {
  const sizer = new ChunkSizer();
  const largest = [sizer.largest / KIB];
  const note = (act) => {
    act();
    largest.push(sizer.largest / KIB);
  };
  note(() => sizer.noteSuccess(128 * KIB, 0.1));
  note(() => sizer.noteSuccess(512 * KIB, 4.9));
  note(() => sizer.noteSuccess(17, 1));
  note(() => sizer.noteSuccess(1024 * KIB, 20));
  note(() => sizer.noteSuccess(512 * KIB, 1));
  note(() => sizer.noteCut(512 * KIB));
  note(() => sizer.noteSuccess(64 * KIB, 60));
  assert.deepEqual(largest, [128, 512, 1024, 1024, 512, 2048, 256, 64]);
});

test("no chunk is smaller than 64 KiB", () => {
  const sizer = new ChunkSizer();
  sizer.noteCut(1);
  assert.equal(sizer.largest, 64 * KIB);
});

test("where others write the next chunk is small", () => {
  const sizer = new ChunkSizer();
  sizer.noteSuccess(128 * KIB, 0.1);
  sizer.noteBusy();
  assert.equal(sizer.largest, 64 * KIB);
});

test("the speed is that of chunks that are large enough to tell", () => {
  const sizer = new ChunkSizer();
  assert.equal(sizer.speed, 8 * KIB);
  sizer.noteSuccess(17, 1);
  assert.equal(sizer.speed, 8 * KIB);
  sizer.noteSuccess(128 * KIB, 2);
  assert.equal(sizer.speed, 64 * KIB);
});

test("a chunk that took no time at all has a speed", () => {
  const sizer = new ChunkSizer();
  sizer.noteSuccess(128 * KIB, 0);
  assert.ok(Number.isFinite(sizer.speed));
});
