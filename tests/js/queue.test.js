"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { Queue } = load(["queue"]);

/** An upload as it looks to a queue; run() lets it begin. */
class FakeUpload {
  constructor(state, facts = {}) {
    this.name = `${(FakeUpload.made += 1)}`;
    this.size = 100;
    this.sent = 0;
    this.speed = null;
    this.progress = { shown: { bytes: 0 } };
    this.state = state;
    Object.assign(this, facts);
  }

  get isRunning() {
    return this.state === "uploading";
  }

  get isGoing() {
    return this.isRunning || this.state === "queued";
  }

  run() {
    this.state = "uploading";
  }
}
FakeUpload.made = 0;

function queueOf(uploads, { files = 4, ranges = 2, everywhere } = {}) {
  const queue = new Queue({ files, ranges, everywhere: everywhere || (() => queue.uploads) });
  uploads.forEach((upload) => queue.add(upload));
  return queue;
}

const make = (count, state, facts) =>
  Array.from({ length: count }, () => new FakeUpload(state, facts));
const statesOf = ({ uploads }) => uploads.map(({ state }) => state);

test("as many run as may at once, in the order of the list", () => {
  const queue = queueOf(make(4, "queued"), { files: 2 });
  queue.startNext();
  queue.startNext();
  assert.deepEqual(statesOf(queue), ["uploading", "uploading", "queued", "queued"]);
  queue.remove(queue.uploads[0]);
  queue.startNext();
  assert.deepEqual(statesOf(queue), ["uploading", "uploading", "queued"]);
});

test("only who waits for a turn gets one", () => {
  const states = ["ready", "paused", "failed", "missing", "complete", "refused"];
  const queue = queueOf(states.map((state) => new FakeUpload(state)));
  queue.startNext();
  assert.deepEqual(statesOf(queue), states);
});

test("files of one name and size go one after the other, also in two lists", () => {
  const all = [];
  const everywhere = () => all;
  const [one, twin, other] = ["a", "a", "b"].map((name) => new FakeUpload("queued", { name }));
  const queues = [[one, other], [twin]].map((uploads) => queueOf(uploads, { everywhere }));
  all.push(one, twin, other);
  queues.forEach((queue) => queue.startNext());
  assert.deepEqual([one, twin, other].map(({ state }) => state), ["uploading", "queued", "uploading"]);
  one.state = "complete";
  queues[1].startNext();
  assert.equal(twin.state, "uploading");
});

test("a thousand files are not compared with each other", () => {
  let asked = 0;
  const uploads = make(1000, "queued", { name: "same" });
  const queue = queueOf(uploads, { everywhere: () => ((asked += 1), uploads) });
  queue.startNext();
  assert.equal(queue.running.length, 1);
  assert.equal(asked, 2); // once at first, and once after the one that began
  queue.startNext();
  assert.equal(asked, 3);
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

test("the total counts what has its file and is taken", () => {
  const queue = queueOf([
    new FakeUpload("complete", shown(100)),
    new FakeUpload("uploading", { ...shown(20), speed: 30 }),
    new FakeUpload("queued"),
    new FakeUpload("missing", shown(50)),
    new FakeUpload("refused"),
  ]);
  assert.deepEqual(queue.total(), {
    count: 3,
    complete: 1,
    size: 300,
    sent: 120,
    speed: 30,
    timeLeft: 6,
    percent: 40,
  });
});

test("all together are complete when each is", () => {
  const queue = queueOf([
    new FakeUpload("complete", shown(100)),
    new FakeUpload("finishing", shown(100)),
  ]);
  assert.equal(queue.total().percent, 99);
  queue.uploads[1].state = "complete";
  assert.equal(queue.total().percent, 100);
});

test("what is paused is not waited for", () => {
  const queue = queueOf([
    new FakeUpload("uploading", { ...shown(50), speed: 10 }),
    new FakeUpload("paused"),
  ]);
  assert.equal(queue.total().timeLeft, 5);
});

test("empty files have no part of a per cent", () => {
  const queue = queueOf(make(2, "uploading", { size: 0 }));
  assert.equal(queue.total().percent, 0);
});
