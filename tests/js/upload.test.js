"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { FakeServer, FakeTransport, held } = require("./fakes.js");
const { Clock, allDone, chance, load } = require("./loading.js");

const NAMES = [
  ...["fingerprint", "failures", "progress", "source", "server", "sizing", "sending"],
  ...["finding", "cancelling", "retrying", "advancing", "reloading", "upload"],
];
const SIZE = 100;

/** A file of the visitor's, with a name. */
function makeFile(text = "x".repeat(SIZE), name = "film.bin") {
  return Object.assign(new Blob([text]), { name });
}

/** An upload of a file, or of what the server has of one; its states, one by one. */
async function setUp({ file = makeFile(), known = null, chunkSize = 40, shown = {} } = {}) {
  const clock = new Clock();
  const kept = JSON.stringify(shown);
  const sessionStorage = { getItem: () => kept, removeItem() {} };
  class FakeXMLHttpRequest {}
  const globals = { ...clock.globals, Math: chance(1), XMLHttpRequest: FakeXMLHttpRequest };
  const window = { sessionStorage, crypto: { getRandomValues: (array) => array.fill(1) } };
  const page = load(NAMES, { ...globals, window });
  const server = new FakeServer(page, known ? [known] : []);
  const transport = new FakeTransport({ sizer: new page.ChunkSizer() });
  const states = [];
  const upload = new page.Upload(known ? { known } : { file, path: "" }, {
    server,
    transport,
    others: () => [],
    report: (change) => change === "state" && states.push(upload.state),
    chunkSize,
  });
  return { clock, file, page, server, states, transport, upload };
}

/** Let it have its turn; resolves when it can't go on without an answer. */
async function begin({ upload, clock }) {
  upload.start();
  upload.run();
  await clock.advance(0);
  await settled();
}

// A fingerprint takes several turns of the event loop.
async function settled() {
  for (let i = 0; i < 10; i += 1) await allDone();
}

/** Answer the last chunk as a server that has `received` bytes now. */
async function take({ server, transport }, received) {
  const state = { ...held("a", received), url: "/a", done_url: "/a/done" };
  server.uploads = [state];
  server.finished = received === SIZE ? ["a"] : [];
  transport.last.answer(state);
  await settled();
}

test("a file goes its way to the end", async () => {
  const world = await setUp();
  await begin(world);
  for (const received of [40, 80, 100]) await take(world, received);
  assert.deepEqual(world.states, ["queued", "checking", "uploading", "finishing", "complete"]);
  assert.deepEqual(world.transport.ranges, ["bytes 0-39/100", "bytes 40-79/100", "bytes 80-99/100"]);
  assert.deepEqual(world.upload.result, { url: "/film.bin" });
  assert.deepEqual([world.upload.percent, world.upload.held, world.upload.sent], [100, 100, 100]);
});

test("a small new file is sent without a question, a large one is looked for", async () => {
  for (const [chunkSize, questions] of [[100, 0], [99, 1]]) {
    const world = await setUp({ chunkSize });
    let asked = 0;
    world.server.matching = async () => {
      asked += 1;
      return [];
    };
    await begin(world);
    assert.equal(asked, questions);
  }
});

test("no chunk is larger than the server, a proxy and the line let through", async () => {
  const { server, transport, upload } = await setUp({ chunkSize: 4_000_000 });
  assert.equal(upload.maxChunkSize, 128 * 1024);
  transport.sizer.largest = 2 ** 30;
  assert.equal(upload.maxChunkSize, 4_000_000);
  upload.learn({ ...held("a", 10), chunk_size: 3_000_000 });
  assert.equal(upload.maxChunkSize, 3_000_000);
  server.largestChunk = 65536;
  assert.equal(upload.maxChunkSize, 65536);
});

test("a pause aborts what is in flight and counts what the server has", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.upload.setSent(70); // 30 of them in flight
  world.upload.pause();
  assert.equal(world.transport.last.isAborted, true);
  assert.equal(world.upload.state, "paused");
  await settled();
  await world.clock.advance(300);
  await settled();
  assert.equal(world.upload.sent, 40);
});

test("a pause without a network counts what the server had", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.upload.setSent(70); // 30 of them in flight
  world.server.stateAtRest = async () => {
    throw new world.page.RequestFailed(0);
  };
  world.upload.pause();
  await world.clock.advance(300);
  await settled();
  assert.deepEqual([world.upload.state, world.upload.sent], ["paused", 40]);
});

test("what broke is given a moment to reach the server too", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.transport.last.refuse(0);
  await settled();
  world.upload.wake(); // at once, as when the network is back
  await settled();
  await world.clock.advance(299);
  await settled();
  assert.equal(world.upload.state, "checking");
  await world.clock.advance(1);
  await settled();
  assert.equal(world.upload.state, "uploading");
});

test("what was aborted is given a moment to reach the server", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.upload.pause();
  world.server.uploads = [{ ...held("a", 55), url: "/a" }]; // some of it still came
  await begin(world);
  assert.equal(world.transport.requests.length, 2);
  await world.clock.advance(299);
  await settled();
  assert.equal(world.upload.state, "checking");
  await world.clock.advance(1);
  await settled();
  assert.equal(world.upload.state, "uploading");
  assert.equal(world.transport.last.range, "bytes 55-79/100");
});

test("a pause holds while the page is asked for credentials", async () => {
  const world = await setUp();
  let answer;
  world.server.authenticate = () => new Promise((resolve) => (answer = resolve));
  await begin(world);
  world.upload.pause();
  answer();
  await settled();
  assert.equal(world.upload.state, "paused");
  assert.deepEqual(world.transport.requests, []);
});

test("what fails for a while waits, and goes on by itself", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.transport.last.refuse(503, "", { "Retry-After": "500" });
  await settled();
  assert.equal(world.upload.state, "waiting");
  assert.equal(world.upload.retryAt - world.clock.now, 500_000);
  await world.clock.advance(500_000);
  await settled();
  assert.equal(world.transport.last.range, "bytes 40-79/100");
});

test("what may be over is not waited for any longer, but a busy server is", async () => {
  for (const [status, isWoken] of [[0, true], [401, true], [503, false]]) {
    const world = await setUp();
    await begin(world);
    world.transport.last.refuse(status);
    await settled();
    assert.equal(world.upload.state, "waiting");
    world.upload.wake();
    await settled();
    assert.equal(world.upload.state !== "waiting", isWoken, status);
  }
});

test("bytes that arrive begin the pauses anew", async () => {
  const world = await setUp();
  await begin(world);
  const pauses = [];
  for (const received of [null, null, 40, null]) {
    if (received) await take(world, received);
    world.transport.last.refuse(500);
    await settled();
    pauses.push(world.upload.retryAt - world.clock.now);
    await world.clock.advance(60_000);
    await settled();
  }
  assert.deepEqual(pauses, [1000, 2000, 1000, 2000]);
});

test("what does not pass ends it, until the visitor tries again", async () => {
  const world = await setUp();
  await begin(world);
  world.transport.last.refuse(415, '[{"error": "type_refused", "detail": "No."}]');
  await settled();
  assert.equal(world.upload.state, "failed");
  assert.equal(world.upload.failure.detail, "No.");
  await begin(world);
  await world.clock.advance(300);
  await settled();
  assert.equal(world.upload.failure, null);
  assert.equal(world.transport.requests.length, 2);
});

test("bytes that done misses are sent again", async () => {
  const world = await setUp();
  await begin(world);
  for (const received of [40, 80]) await take(world, received);
  world.server.finish = async () => {
    world.server.uploads = [{ ...held("a", 80), url: "/a" }];
    delete world.server.finish;
    throw new world.page.RequestFailed(409, { error: "incomplete", size: 80 });
  };
  await take(world, 100);
  await world.clock.advance(1000);
  await settled();
  assert.equal(world.upload.state, "uploading");
  assert.equal(world.transport.last.range, "bytes 80-99/100");
});

test("done that is out of reach is looked for anew", async () => {
  const world = await setUp();
  await begin(world);
  for (const received of [40, 80]) await take(world, received);
  world.server.finish = async () => {
    throw new world.page.RequestFailed(404, { error: "not_found" });
  };
  await take(world, 100);
  assert.equal(world.upload.state, "failed");
  assert.equal(world.upload.known, null);
});

test("a file that the site refuses as a whole is not sent again", async () => {
  const world = await setUp();
  await begin(world);
  for (const received of [40, 80]) await take(world, received);
  world.server.finish = async () => {
    throw new world.page.RequestFailed(422, { error: "file_refused", detail: "Loud." });
  };
  await take(world, 100);
  assert.equal(world.upload.state, "refused");
  assert.equal(world.upload.known, null);
  world.upload.start();
  assert.equal(world.upload.state, "refused");
});

test("an upload that is of another file is left, and the next attempt begins a new one", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  const before = world.upload.source.fingerprint;
  world.transport.last.refuse(409, '[{"error": "content_conflict", "detail": ""}]');
  await settled();
  assert.equal(world.upload.state, "failed");
  assert.equal(world.upload.known, null);
  assert.deepEqual([world.upload.sent, world.upload.percent], [0, 0]);
  assert.equal(world.upload.source.fingerprint, `${before.slice(0, -8)}00000001`);
});

// --- the visitor's file ---

test("an unfinished upload is missing its file, and goes on with it", async () => {
  const world = await setUp({ known: { ...held("a", 60), name: "film.bin", url: "/a" } });
  assert.deepEqual([world.upload.state, world.upload.percent], ["missing", 60]);
  world.server.matching = async (file, fingerprint) =>
    fingerprint === "-" ? [] : world.server.uploads;
  world.upload.start();
  assert.equal(world.upload.state, "missing");
  world.upload.attach({ file: world.file });
  world.upload.run();
  await settled();
  assert.equal(world.transport.last.range, "bytes 60-79/100");
});

test("what a page before showed is not shown less of", async () => {
  const known = { ...held("a", 20), name: "film.bin" };
  const { upload } = await setUp({ known, shown: { a: 60 } });
  assert.deepEqual([upload.percent, upload.sent], [60, 20]);
});

test("another file than the unfinished one is asked for again", async () => {
  const world = await setUp({ known: { ...held("a", 60), name: "film.bin", url: "/a" } });
  world.upload.attach({ file: makeFile("y".repeat(SIZE)) });
  world.upload.run();
  await settled();
  assert.equal(world.upload.state, "missing");
  assert.ok(world.upload.failure instanceof world.page.OtherContent);
  assert.equal(world.upload.file, null);
  assert.equal(world.upload.percent, 60);
});

test("a file that changed on disk is asked for again, where some of it was sent", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.upload.pause();
  world.upload.source.file = makeFile("y".repeat(SIZE)); // as a disk does by itself
  await world.clock.advance(300);
  await begin(world);
  assert.equal(world.upload.state, "missing");
  assert.ok(world.upload.failure instanceof world.page.FileChanged);
});

// --- cancelling ---

test("a cancelled upload is removed from the server", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  await world.upload.cancel();
  assert.deepEqual(world.server.removed, ["a"]);
  assert.equal(world.upload.state, "cancelled");
  assert.deepEqual([world.upload.isKept, world.upload.failure], [false, null]);
});

test("an upload whose first answer was lost is found to be removed", async () => {
  const world = await setUp();
  await begin(world);
  world.transport.last.refuse(0);
  await settled();
  world.server.uploads = [{ ...held("a", 40, ""), fingerprint: world.upload.source.fingerprint }];
  await world.upload.cancel();
  assert.deepEqual(world.server.removed, ["a"]);
});

test("a server in trouble is asked five times to remove it", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  let asked = 0;
  world.server.remove = async () => {
    asked += 1;
    throw new world.page.RequestFailed(503);
  };
  const end = world.upload.cancel();
  await world.clock.advance(3_600_000);
  await end;
  assert.equal(asked, 5);
  assert.equal(world.upload.state, "cancelled");
  assert.equal(world.upload.failure.status, 503);
});

test("a server that was in trouble is asked again", async () => {
  const world = await setUp();
  await begin(world);
  await take(world, 40);
  world.server.remove = async () => {
    delete world.server.remove;
    throw new world.page.RequestFailed(503);
  };
  const end = world.upload.cancel();
  await world.clock.advance(1000);
  await end;
  assert.deepEqual(world.server.removed, ["a"]);
  assert.equal(world.upload.failure, null);
});

test("what is complete or cancelled can be neither paused nor cancelled", async () => {
  const world = await setUp();
  await begin(world);
  for (const received of [40, 80, 100]) await take(world, received);
  const before = [...world.states];
  world.upload.pause();
  await world.upload.cancel();
  assert.deepEqual(world.states, before);
});
