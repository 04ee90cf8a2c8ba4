"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, allDone, chance, load } = require("./loading.js");

/** Retrying by its own clock, and what it did: seconds waited, and with what. */
function setUp({ random = 1, server = {} } = {}) {
  const clock = new Clock();
  const globals = { ...clock.globals, Math: chance(random) };
  const { RequestFailed, Retrying } = load(["failures", "retrying"], globals);
  const waits = [];
  const announce = () => waits.push((retrying.retryAt - clock.now) / 1000);
  const site = { renewAccess: async () => false, renewCsrfToken() {}, ...server };
  const retrying = new Retrying(site, announce);
  const of = (status, error, rest) => new RequestFailed(status, error && { error }, rest);
  return { clock, retrying, waits, of };
}

/** Let `operation` be repeated through all its pauses; returns result or failure. */
async function finish({ clock, retrying }, operation, signal, maxAttempts) {
  let end = null;
  retrying
    .repeat(operation, signal || new AbortController().signal, maxAttempts)
    .then((result) => (end = { result }), (failure) => (end = { failure }));
  for (let i = 0; i < 200 && !end; i += 1) await clock.advance(90_000_000);
  return end;
}

/** An operation that fails with each of `failures`, then succeeds. */
function failing(...failures) {
  const rest = [...failures];
  return async () => {
    if (rest.length) throw rest.shift();
    return "done";
  };
}

const repeated = (count, value) => Array.from({ length: count }, () => value);

test("what succeeds is not repeated", async () => {
  const world = setUp();
  assert.deepEqual(await finish(world, failing()), { result: "done" });
  assert.deepEqual(world.waits, []);
});

test("pauses double up to a minute", async () => {
  const world = setUp();
  const operation = failing(...repeated(9, world.of(500)));
  assert.deepEqual(await finish(world, operation), { result: "done" });
  assert.deepEqual(world.waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("pauses are up to a half shorter, so that not all come back at once", async () => {
  const world = setUp({ random: 0 });
  await finish(world, failing(...repeated(8, world.of(500))));
  assert.deepEqual(world.waits, [0.5, 1, 2, 4, 8, 16, 30, 30]);
});

test("a network that is away is tried at least every ten seconds", async () => {
  const world = setUp();
  await finish(world, failing(...repeated(6, world.of(0))));
  assert.deepEqual(world.waits, [1, 2, 4, 8, 10, 10]);
});

test("a server that keeps failing is given up after thirty attempts", async () => {
  const world = setUp();
  const last = world.of(500);
  const { failure } = await finish(world, failing(...repeated(99, last)));
  assert.equal(failure, last);
  assert.equal(world.waits.length, 29);
});

test("a network, a login and a turn are waited for without an end", async () => {
  for (const status of [0, 401, 429]) {
    const world = setUp();
    const operation = failing(...repeated(99, world.of(status)));
    assert.deepEqual(await finish(world, operation), { result: "done" }, status);
  }
});

test("no more attempts are made than are wanted", async () => {
  const world = setUp();
  const { failure } = await finish(world, failing(...repeated(9, world.of(0))), null, 5);
  assert.equal(failure.status, 0);
  assert.equal(world.waits.length, 4);
});

test("the server's Retry-After is heeded, but for a day at most", async () => {
  const world = setUp();
  const after = (retryAfter) => world.of(503, undefined, { retryAfter });
  await finish(world, failing(after("500"), after("1"), after("9999999")));
  assert.deepEqual(world.waits, [500, 2, 86400]);
});

test("what does not pass is not tried again", async () => {
  for (const failure of [setUp().of(415), new Error("not of a request")]) {
    const world = setUp();
    assert.deepEqual(await finish(world, failing(failure)), { failure });
    assert.deepEqual(world.waits, []);
  }
});

test("progress begins the pauses anew", async () => {
  const world = setUp();
  const operation = failing(...repeated(6, world.of(500)));
  let calls = 0;
  await finish(world, () => {
    calls += 1;
    if (calls === 4) world.retrying.reset();
    return operation();
  });
  assert.deepEqual(world.waits, [1, 2, 4, 1, 2, 4]);
});

test("who is out of step asks at once, and then waits", async () => {
  const world = setUp();
  const failure = world.of(409, "range_conflict");
  await finish(world, failing(failure, failure));
  assert.deepEqual(world.waits, [2]);
});

test("waiting ends early where it is worth a try", async () => {
  const world = setUp();
  const result = world.retrying.repeat(
    failing(world.of(503, undefined, { retryAfter: "600" })),
    new AbortController().signal,
  );
  await allDone();
  world.retrying.endWaiting();
  assert.equal(await result, "done");
  assert.equal(world.clock.timers.size, 0);
});

test("who aborts waits no longer, and nothing is repeated", async () => {
  const world = setUp();
  const controller = new AbortController();
  let calls = 0;
  const failure = world.of(500);
  const operation = async () => {
    calls += 1;
    throw failure;
  };
  const result = world.retrying.repeat(operation, controller.signal);
  await allDone();
  controller.abort();
  await assert.rejects(result, failure);
  assert.equal(calls, 1);
  assert.equal(world.clock.timers.size, 0);
});

test("a CSRF token that a login brought is used after each pause", async () => {
  let renewed = 0;
  const world = setUp({ server: { renewCsrfToken: () => (renewed += 1) } });
  await finish(world, failing(world.of(401), world.of(401)));
  assert.equal(renewed, 2);
});

test("new credentials are tried at once", async () => {
  for (const status of [401, 403]) {
    const server = { canRenewCredentials: true, renewAccess: async () => true };
    const world = setUp({ server });
    assert.deepEqual(await finish(world, failing(world.of(status))), { result: "done" });
    assert.deepEqual(world.waits, []);
  }
});

test("a page that keeps giving credentials that are no good is not asked in a loop", async () => {
  const server = { canRenewCredentials: true, renewAccess: async () => true };
  const world = setUp({ server });
  await finish(world, failing(...repeated(3, world.of(401))));
  assert.deepEqual(world.waits, [2, 4]);
});

test("a chunk that a proxy refuses is sent as smaller ones at once", async () => {
  const shrunk = [];
  const server = { shrinkChunks: (size) => shrunk.push(size) };
  const world = setUp({ server });
  const large = (size) => world.of(413, undefined, { chunkSize: size });
  assert.deepEqual(await finish(world, failing(large(800), large(400))), { result: "done" });
  assert.deepEqual(shrunk, [800, 400]);
  assert.deepEqual(world.waits, []);
});

test("a 413 that no smaller chunk cures ends it", async () => {
  const world = setUp({ server: { shrinkChunks: () => false } });
  const failures = [
    world.of(413, undefined, { chunkSize: 800 }), // no smaller one can be
    world.of(413, "too_large", { chunkSize: 800 }), // of the app: the file is meant
    world.of(413), // no chunk at all
  ];
  for (const failure of failures) {
    assert.deepEqual(await finish(world, failing(failure)), { failure });
  }
});
