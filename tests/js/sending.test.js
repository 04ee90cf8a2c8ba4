"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { FakeTransport } = require("./fakes.js");
const { Clock, allDone, load } = require("./loading.js");

const KIB = 1024;
const NAMES = ["failures", "progress", "server", "sizing", "sending"];

/** XMLHttpRequest, as far as what was set and sent. */
class FakeXMLHttpRequest extends EventTarget {
  constructor() {
    super();
    this.upload = new EventTarget();
    this.headers = {};
    this.bodies = [];
    this.isAborted = false;
  }

  setRequestHeader(name, value) {
    this.headers[name] = value;
  }

  send(body) {
    this.bodies.push(body);
  }

  abort() {
    this.isAborted = true;
    this.dispatchEvent(new Event("loadend"));
  }
}

/** The sending of a file of `size` bytes, of which the server has `known`. */
function setUp({ size, known = null, maxInFlight = 1, maxChunkSize = 64 * KIB, isMeasured, bytes = null }) {
  const clock = new Clock();
  const page = load(NAMES, { ...clock.globals, XMLHttpRequest: FakeXMLHttpRequest });
  const transport = new FakeTransport({ sizer: new page.ChunkSizer(), maxInFlight });
  const progress = new page.Progress(size, known);
  const upload = {
    file: new Blob([new Uint8Array(size)]),
    source: { takeBytes: () => bytes },
    size,
    progress,
    transport,
    chunkSize: maxChunkSize,
    get maxChunkSize() {
      return isMeasured ? Math.min(maxChunkSize, transport.sizer.largest) : maxChunkSize;
    },
    get known() {
      return progress.known;
    },
    get held() {
      return progress.held;
    },
    chunkRequest: () => ({ url: "/u", headers: {}, withCookies: false }),
    learn: (answer) => progress.learn(answer),
    setSent: (bytes) => progress.noteSent(bytes),
  };
  const controller = new AbortController();
  const sending = new page.Sending(upload, controller.signal);
  const end = sending.run().then(() => "done", (failure) => failure);
  return { clock, controller, end, progress, sending, transport, upload };
}

const state = (received, gap = null, size = received) => ({ url: "/u", size, received, gap });

/** Answer each chunk as a server that takes it, until nothing more is sent. */
async function takeAll({ transport, progress }) {
  for (let next = 0; next < transport.requests.length; next += 1) {
    const { settings } = transport.requests[next];
    const [, stop] = /-(\d+)\//.exec(settings.contentRange) || ["", "-1"];
    transport.requests[next].answer(state(Number(stop) + 1));
    await allDone();
  }
  return progress;
}

const span = (first, last, total) => `bytes ${first}-${last}/${total}`;

test("chunks follow each other to the end", async () => {
  const world = setUp({ size: 200, known: state(0), maxChunkSize: 64 });
  await takeAll(world);
  assert.equal(await world.end, "done");
  assert.deepEqual(world.transport.ranges, [
    span(0, 63, 200),
    span(64, 127, 200),
    span(128, 191, 200),
    span(192, 199, 200),
  ]);
  assert.equal(world.progress.isAllThere, true);
});

test("an empty file is one request without a range", async () => {
  const world = setUp({ size: 0 });
  await takeAll(world);
  assert.equal(await world.end, "done");
  assert.deepEqual(world.transport.ranges, [""]);
});

test("a small file is sent as it was read to be looked at", async () => {
  const bytes = new Uint8Array(10);
  const { transport } = setUp({ size: 10, bytes });
  assert.equal(transport.last.settings.blob, bytes);
  assert.equal(transport.last.range, span(0, 9, 10));
});

test("of what was read of a file no part is sent for the whole", async () => {
  const world = setUp({ size: 10, known: state(4), bytes: new Uint8Array(10) });
  assert.equal(world.transport.last.settings.blob.size, 6);
  assert.equal(world.transport.last.range, span(4, 9, 10));
});

test("sending goes on where the server is", async () => {
  const world = setUp({ size: 200, known: state(150) });
  await takeAll(world);
  assert.deepEqual(world.transport.ranges, [span(150, 199, 200)]);
});

test("a gap is filled, and no byte beyond it is sent that is there", async () => {
  const world = setUp({ size: 200, known: state(60, 40, 10) });
  world.transport.last.answer(state(100));
  await allDone();
  await takeAll({ ...world, transport: world.transport });
  assert.deepEqual(world.transport.ranges, [span(10, 49, 200), span(100, 199, 200)]);
});

test("the first chunk of a large file is small, that of a small one is all", async () => {
  const world = setUp({ size: 1024 * KIB, maxChunkSize: 512 * KIB });
  assert.equal(world.transport.last.range, span(0, 128 * KIB - 1, 1024 * KIB));
  world.transport.last.answer(state(128 * KIB));
  await allDone();
  assert.equal(world.transport.last.range, span(128 * KIB, 512 * KIB - 1, 1024 * KIB));
  const whole = setUp({ size: 300 * KIB, maxChunkSize: 512 * KIB });
  assert.equal(whole.transport.last.range, span(0, 300 * KIB - 1, 300 * KIB));
});

test("chunks end at multiples of what the server suggests", async () => {
  const world = setUp({ size: 350, known: state(130), maxChunkSize: 100 });
  await takeAll(world);
  const spans = [span(130, 199, 350), span(200, 299, 350), span(300, 349, 350)];
  assert.deepEqual(world.transport.ranges, spans);
});

test("as many chunks are in flight as may be, once the first has its answer", async () => {
  const world = setUp({ size: 500, maxInFlight: 3, maxChunkSize: 100 });
  assert.equal(world.transport.requests.length, 1);
  world.transport.last.answer(state(100));
  await allDone();
  assert.equal(world.transport.requests.length, 4);
});

test("an older answer that comes last takes nothing back", async () => {
  const world = setUp({ size: 300, known: state(0), maxInFlight: 2, maxChunkSize: 100 });
  const [first, second] = world.transport.requests;
  second.answer(state(200));
  await allDone();
  first.answer(state(100));
  await allDone();
  assert.equal(world.progress.received, 200);
  assert.equal(world.progress.sent, 200);
});

test("an answer that is not the app's is a failure that may pass", async () => {
  for (const answer of [{ welcome: true }, null, undefined]) {
    const world = setUp({ size: 10 });
    world.transport.last.answer(answer);
    const failure = await world.end;
    assert.deepEqual([failure.status, failure.isCurable], [200, true]);
  }
});

test("a server that has less than was sent is asked again", async () => {
  const world = setUp({ size: 200, known: state(0), maxChunkSize: 100 });
  world.transport.last.answer(state(50));
  assert.equal((await world.end).status, 409);
});

test("a chunk that is refused ends it, when the others have their answers", async () => {
  const world = setUp({ size: 300, known: state(0), maxInFlight: 2, maxChunkSize: 100 });
  const [first, second] = world.transport.requests;
  first.refuse(503, "", { "Retry-After": "7" });
  await allDone();
  assert.equal(second.isAborted, false);
  second.answer(state(200));
  const failure = await world.end;
  assert.deepEqual([failure.status, failure.retryAfter, failure.chunkSize], [503, 7, 100]);
  assert.equal(world.transport.requests.length, 2);
  assert.equal(world.progress.received, 200);
});

test("a broken connection ends all that is in flight", async () => {
  const world = setUp({ size: 300, known: state(0), maxInFlight: 2, maxChunkSize: 100 });
  const [first, second] = world.transport.requests;
  first.refuse(0);
  assert.equal((await world.end).status, 0);
  assert.equal(second.isAborted, true);
});

test("who aborts ends what is in flight, and nothing more is sent", async () => {
  const world = setUp({ size: 300, known: state(0), maxChunkSize: 100 });
  world.controller.abort();
  assert.equal((await world.end).status, 0);
  assert.equal(world.transport.last.isAborted, true);
  assert.equal(world.transport.requests.length, 1);
});

test("a chunk that was cut makes the next ones smaller", async () => {
  const world = setUp({ size: 900 * KIB, known: state(0), maxChunkSize: 128 * KIB });
  world.transport.last.refuse(0);
  await world.end;
  assert.equal(world.transport.sizer.largest, 64 * KIB);
});

test("no chunk takes long on a slow line", async () => {
  const rate = 50; // bytes per millisecond
  const size = 60_000 * rate;
  const world = setUp({ size, maxChunkSize: 8192 * KIB, isMeasured: true });
  const took = [];
  for (let sent = 0; sent < size; ) {
    const { blob } = world.transport.last.settings;
    took.push(blob.size / rate);
    sent += blob.size;
    await world.clock.advance(blob.size / rate);
    world.transport.last.answer(state(sent));
    await allDone();
  }
  assert.equal(await world.end, "done");
  assert.equal(took[0] * rate, 128 * KIB);
  assert.ok(Math.max(...took) <= 10_000);
  assert.ok(Math.max(...took) > 5000);
});

test("where others write the next chunk is small", async () => {
  const world = setUp({ size: 900 * KIB, known: state(0), maxChunkSize: 128 * KIB });
  world.transport.last.refuse(409, '[{"error": "range_busy", "detail": ""}]');
  await world.end;
  assert.equal(world.transport.sizer.largest, 64 * KIB);
});

test("the wait for a digest makes no line slower", async () => {
  const world = setUp({ size: 128 * KIB, maxChunkSize: 128 * KIB });
  await world.clock.advance(5000);
  await requestOf(world).send("body");
  await world.clock.advance(1000);
  world.transport.last.answer(state(128 * KIB));
  await world.end;
  assert.equal(world.transport.sizer.speed, 128 * KIB);
});

test("a line is as fast as all of its chunks in flight together", async () => {
  const world = setUp({ size: 192 * KIB, known: state(0), maxInFlight: 3 });
  await world.clock.advance(1000);
  world.transport.requests[0].answer(state(64 * KIB));
  await allDone();
  const { lineSpeed, speed } = world.transport.sizer;
  assert.deepEqual([speed, lineSpeed], [64 * KIB, 192 * KIB]);
  world.transport.requests.slice(1).forEach((request) => request.refuse(503));
  await world.end;
  assert.equal(world.transport.sizer.inFlight, 0);
});

// --- what is taken for arrived ---

test("bytes in flight count no faster than the last chunk arrived", async () => {
  const world = setUp({ size: 300 * KIB, known: state(0) });
  const request = world.transport.last.settings.xhr();
  const left = Object.assign(new Event("progress"), { loaded: 64 * KIB });
  await world.clock.advance(2000);
  request.upload.dispatchEvent(left);
  assert.equal(world.progress.sent, 16 * KIB); // 8 KiB/s, while nobody knows the line
  await world.clock.advance(60_000);
  world.sending.report();
  assert.equal(world.progress.sent, 64 * KIB);
});

// --- one request ---

function requestOf(world) {
  return world.transport.last.settings.xhr();
}

test("each chunk has its digest in a header", async () => {
  const request = requestOf(setUp({ size: 10 }));
  await request.send("body");
  assert.deepEqual(request.headers, { "Content-Digest": "sha-256=:digest of 10:" });
  assert.deepEqual(request.bodies, ["body"]);
});

test("a request that is aborted before its digest is there sends nothing", async () => {
  const request = requestOf(setUp({ size: 10 }));
  const sent = request.send("body");
  request.abort();
  await sent;
  assert.deepEqual(request.bodies, []);
});

test("a connection that stands still is given up, one that moves is not", async () => {
  const world = setUp({ size: 10 });
  const request = requestOf(world);
  await request.send("body");
  for (const target of [request.upload, request]) {
    await world.clock.advance(44_000);
    target.dispatchEvent(Object.assign(new Event("progress"), { loaded: 1 }));
  }
  await world.clock.advance(45_000);
  assert.equal(request.isAborted, false);
  await world.clock.advance(1000);
  assert.equal(request.isAborted, true);
  assert.equal(world.clock.timers.size, 0);
});

test("a device that slept does not wait for a dead connection", async () => {
  const world = setUp({ size: 10 });
  const request = requestOf(world);
  await request.send("body");
  world.clock.now += 3_600_000; // no timer went meanwhile
  await world.clock.advance(0);
  assert.equal(request.isAborted, true);
});

test("a request that ended is watched no longer", async () => {
  const world = setUp({ size: 10 });
  const request = requestOf(world);
  await request.send("body");
  request.dispatchEvent(new Event("loadend"));
  assert.equal(world.clock.timers.size, 0);
});
