"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, load } = require("./loading.js");

const clock = new Clock();
const { Progress, ShownBytes, SpeedMeter } = load(["progress"], clock.globals);

const STATE = { upload_uuid: "a", size: 40, received: 60, total_size: 100 };

// --- speed ---

test("a speed is known after a while", async () => {
  const meter = new SpeedMeter();
  assert.equal(meter.speed(), null);
  meter.reset(0);
  await clock.advance(1499);
  meter.add(3000);
  assert.equal(meter.speed(), null);
  await clock.advance(1);
  assert.equal(meter.speed(), 2000);
});

test("a pause in the flow slows the speed down", async () => {
  const meter = new SpeedMeter();
  meter.reset(0);
  await clock.advance(2000);
  meter.add(2000);
  assert.equal(meter.speed(), 1000);
  await clock.advance(2000);
  assert.equal(meter.speed(), 500);
});

test("what is longer ago than ten seconds counts no more", async () => {
  const meter = new SpeedMeter();
  meter.reset(0);
  for (let second = 1; second <= 30; second += 1) {
    await clock.advance(1000);
    meter.add(second < 15 ? second * 9000 : 126_000 + (second - 14) * 1000);
  }
  assert.equal(Math.round(meter.speed()), 1000);
});

test("bytes that turn out missing begin the measuring anew", async () => {
  const meter = new SpeedMeter();
  meter.reset(9000);
  await clock.advance(2000);
  meter.add(1000);
  assert.equal(meter.speed(), null);
});

// --- what is shown ---

test("what is shown never goes back and ends with all", () => {
  const shown = new ShownBytes(100);
  const seen = [20, 60, 40, 70, 60, 100].map((there) => {
    shown.note(there);
    return shown.bytes;
  });
  assert.deepEqual(seen, [20, 60, 60, 80, 80, 100]);
});

test("what a page before showed is where the next one begins", () => {
  const shown = new ShownBytes(100, 20, 60);
  assert.equal(shown.bytes, 60);
  shown.note(60);
  assert.equal(shown.bytes, 80);
});

test("no more is shown than the file has", () => {
  assert.equal(new ShownBytes(100, 20, 500).bytes, 100);
});

// --- progress ---

test("an upload that the server knows begins where the server is", () => {
  const progress = new Progress(100, STATE);
  assert.deepEqual(
    [progress.held, progress.sent, progress.received, progress.percent],
    [40, 60, 60, 60],
  );
  assert.equal(progress.isAllThere, false);
});

test("the hundredth per cent is for the server to give", () => {
  const progress = new Progress(3);
  progress.noteSent(3);
  assert.equal(progress.percent, 99);
  assert.equal(new Progress(0).percent, 0);
});

test("an answer adds to what was known", () => {
  const progress = new Progress(100, STATE);
  progress.learn({ size: 70, received: 70 });
  assert.equal(progress.known.upload_uuid, "a");
  assert.deepEqual([progress.held, progress.furthest], [70, 70]);
  progress.learn({ size: 10, received: 10 });
  assert.deepEqual([progress.held, progress.furthest], [10, 70]);
});

test("where the server has another upload all begins anew", () => {
  const progress = new Progress(100, STATE);
  progress.begin();
  progress.replace({ ...STATE, upload_uuid: "b", size: 7, received: 7 });
  assert.equal(progress.hasBegun, false);
  assert.equal(progress.shown.bytes, 0);
  assert.deepEqual([progress.held, progress.received], [7, 7]);
});

test("where the server has less of the upload what is shown stays", () => {
  const progress = new Progress(100, STATE);
  progress.begin();
  progress.replace({ ...STATE, size: 7, received: 7 });
  progress.noteSent(7);
  assert.equal(progress.hasBegun, true);
  assert.equal(progress.shown.bytes, 60);
  assert.deepEqual([progress.held, progress.sent], [7, 7]);
});

test("a file that is gone from the server begins at nothing", () => {
  const progress = new Progress(100, STATE);
  progress.replace(null);
  assert.equal(progress.known, null);
  assert.deepEqual([progress.held, progress.sent, progress.shown.bytes], [0, 0, 0]);
});

test("all is there when the server says so, also of an empty file", () => {
  const progress = new Progress(0);
  assert.equal(progress.isAllThere, false);
  progress.learn({ size: 0, received: 0 });
  assert.equal(progress.isAllThere, true);
  const other = new Progress(100, { ...STATE, size: 100, received: 100 });
  assert.equal(other.isAllThere, true);
  other.correct(40);
  assert.equal(other.isAllThere, false);
});

test("no more is sent than the file has", () => {
  const progress = new Progress(100);
  progress.noteSent(120);
  assert.equal(progress.sent, 100);
});

test("of a size that nobody said, nothing is a share", () => {
  const progress = new Progress(null, { ...STATE, total_size: null });
  assert.equal(progress.isAllThere, false);
  assert.equal(progress.percent, 0);
  assert.equal(progress.received, 60);
});
