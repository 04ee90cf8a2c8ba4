"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, load } = require("./loading.js");

const clock = new Clock();
const NAMES = ["progress", "failures", "server", "sizing", "naming", "register", "queue"];
const { FIRST_CHUNK, Queue } = load(NAMES, clock.globals);
const LARGE = { size: FIRST_CHUNK + 1 };

/** An upload as it looks to a queue; run() lets it begin. */
class FakeUpload {
  constructor(state, facts = {}) {
    this.name = `${(FakeUpload.made += 1)}`;
    this.size = 100;
    this.sent = 0;
    this.progress = { shown: { bytes: 0 } };
    this.state = state;
    this.queue = null;
    Object.assign(this, facts);
  }

  get isRunning() {
    return this.state === "uploading";
  }

  run() {
    this.become("uploading");
  }

  become(state, facts = {}) {
    Object.assign(this, facts, { state });
    this.queue.note(this);
  }

  move(bytes) {
    this.sent = this.progress.shown.bytes = bytes;
    this.queue.noteSent(this);
  }
}
FakeUpload.made = 0;

function queueOf(uploads, { files = 4, ranges = 2, everywhere } = {}) {
  const queue = new Queue({ files, ranges, everywhere: everywhere || (() => [queue]) });
  uploads.forEach((upload) => {
    upload.queue = queue;
    queue.add(upload);
    queue.note(upload);
  });
  return queue;
}

const make = (count, state, facts) =>
  Array.from({ length: count }, () => new FakeUpload(state, facts));
const statesOf = ({ uploads }) => uploads.map(({ state }) => state);

test("as many run as may at once, in the order of the list", () => {
  const queue = queueOf(make(4, "queued", LARGE), { files: 2 });
  queue.startNext();
  queue.startNext();
  assert.deepEqual(statesOf(queue), ["uploading", "uploading", "queued", "queued"]);
  queue.remove(queue.uploads[0]);
  queue.startNext();
  assert.deepEqual(statesOf(queue), ["uploading", "uploading", "queued"]);
});

test("files of one small request have more turns, and need not wait for large ones", () => {
  const queue = queueOf([...make(5, "queued", LARGE), ...make(3, "queued")]);
  queue.startNext();
  const states = [...Array(4).fill("uploading"), "queued", "uploading", "uploading", "queued"];
  assert.deepEqual(statesOf(queue), states);
});

test("where one file may run at a time, a small one waits too", () => {
  const queue = queueOf(make(2, "queued"), { files: 1 });
  queue.startNext();
  assert.deepEqual(statesOf(queue), ["uploading", "queued"]);
});

test("only who waits for a turn gets one", () => {
  const states = ["ready", "paused", "failed", "missing", "complete", "refused"];
  const queue = queueOf(states.map((state) => new FakeUpload(state)));
  queue.startNext();
  assert.deepEqual(statesOf(queue), states);
});

test("files of one name and size go one after the other, also in two lists", () => {
  const queues = [];
  const everywhere = () => queues;
  const [one, twin, other] = ["a", " a", "b"].map((name) => new FakeUpload("queued", { name }));
  [[one, other], [twin]].forEach((uploads) => queues.push(queueOf(uploads, { everywhere })));
  queues.forEach((queue) => queue.startNext());
  assert.deepEqual([one, twin, other].map(({ state }) => state), ["uploading", "queued", "uploading"]);
  one.become("complete");
  queues[1].startNext();
  assert.equal(twin.state, "uploading");
});

test("files of a name and size are found, with spaces around it or without", () => {
  const [one, twin] = ["a", " a"].map((name) => new FakeUpload("queued", { name }));
  const queue = queueOf([one, twin, new FakeUpload("queued", { name: "a", size: 1 })]);
  assert.deepEqual(queue.named({ name: "a ", size: 100 }), [one, twin]);
  queue.remove(one);
  assert.deepEqual(queue.named({ name: "a", size: 100 }), [twin]);
});

test("without a free turn nothing is compared", () => {
  const queue = queueOf(make(10, "queued"), { files: 0, everywhere: () => assert.fail() });
  queue.startNext();
});

const SHARES = [
  [0, 4, 4],
  [1, 4, 4],
  [2, 4, 2],
  [3, 4, 1],
  [9, 4, 1],
  [1, 2, 2],
  [1, 9, 4],
];

test("the files that run share the connections of the page", () => {
  for (const [running, ranges, share] of SHARES) {
    const queue = queueOf(make(running, "uploading"), { ranges });
    assert.equal(queue.maxInFlight(), share);
  }
});

test("who stops all in this order frees no turn for another", () => {
  const queue = queueOf([...make(2, "uploading"), ...make(2, "queued")]);
  const order = queue.waitingFirst.map(({ state }) => state);
  assert.deepEqual(order, ["queued", "queued", "uploading", "uploading"]);
});

// --- all together ---

const shown = (bytes) => ({ progress: { shown: { bytes } }, sent: bytes });

const facts = ({ count, complete, failed, refused, paused, size, sent, done, percent }) => ({
  count, complete, failed, refused, paused, size, sent, done, percent,
});

test("the total counts what has its file and is taken", () => {
  const queue = queueOf([
    new FakeUpload("complete", shown(100)),
    new FakeUpload("uploading", shown(20)),
    new FakeUpload("queued"),
    new FakeUpload("failed"),
    new FakeUpload("paused"),
    new FakeUpload("missing", shown(50)),
    new FakeUpload("refused"),
    new FakeUpload("cancelling", shown(50)),
  ]);
  assert.deepEqual(facts(queue.total()), {
    count: 5,
    complete: 1,
    failed: 1,
    refused: 1,
    paused: 1,
    size: 500,
    sent: 120,
    done: 100,
    percent: 24,
  });
});

test("all together are complete when each is", () => {
  const queue = queueOf([
    new FakeUpload("complete", shown(100)),
    new FakeUpload("finishing", shown(100)),
  ]);
  assert.equal(queue.total().percent, 99);
  queue.uploads[1].become("complete");
  assert.equal(queue.total().percent, 100);
});

test("nothing is no whole", () => {
  assert.equal(queueOf([]).total().percent, 0);
  assert.equal(queueOf(make(1, "missing")).total().percent, 0);
});

test("empty files have no part of a per cent", () => {
  const queue = queueOf(make(2, "uploading", { size: 0 }));
  assert.equal(queue.total().percent, 0);
});

// --- how fast ---

test("the speed of all is of what went, not of what was there before", async () => {
  const queue = queueOf(make(3, "queued", { size: 10_000 }));
  const [one, two] = queue.uploads;
  one.sent = 5_000;
  one.run();
  assert.equal(queue.total().speed, null);
  await clock.advance(2_000);
  one.move(6_000);
  assert.equal(queue.total().speed, 500);
  assert.equal(queue.total().timeLeft, (4_000 + 20_000) / 500);
  two.run();
  one.become("paused");
  await clock.advance(2_000);
  two.move(2_000);
  assert.equal(queue.total().speed, 750);
});

test("files that are done in a moment have a speed together", async () => {
  const queue = queueOf(make(4, "queued"));
  for (const upload of queue.uploads) {
    upload.run();
    await clock.advance(500);
    upload.become("complete", { sent: 100 });
    if (upload !== queue.uploads[3]) continue;
    assert.equal(queue.total().seconds, 2);
  }
  assert.equal(queue.total().speed, null);
});

test("only the time in which something ran is told", async () => {
  const queue = queueOf(make(1, "queued"));
  const [upload] = queue.uploads;
  upload.run();
  await clock.advance(1_000);
  upload.become("paused");
  await clock.advance(60_000);
  assert.equal(queue.total().seconds, 1);
  upload.run();
  await clock.advance(2_000);
  assert.equal(queue.total().seconds, 3);
  queue.remove(upload);
  assert.equal(queue.total().seconds, 0);
});
