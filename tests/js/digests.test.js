"use strict";

const assert = require("node:assert/strict");
const { createHash, webcrypto } = require("node:crypto");
const { test } = require("node:test");

const { load } = require("./loading.js");

const MIB = 1024 * 1024;

/** The digests of a page whose workers answer at once, as `answerOf` has it. */
function setUp({ rate = 100 * MIB, url = "/digest.worker.js", crypto = webcrypto, isAlways } = {}) {
  const workers = [];
  class Worker extends EventTarget {
    constructor() {
      super();
      this.sizes = [];
      this.isEnded = false;
      workers.push(this);
    }

    postMessage({ id, blob: { size } }) {
      this.sizes.push(size);
      const data = { id, digest: `of ${size}`, size, seconds: size / rate };
      queueMicrotask(() => this.dispatchEvent(Object.assign(new Event("message"), { data })));
    }

    terminate() {
      this.isEnded = true;
    }
  }
  const window = { crypto, Worker };
  const { Digests } = load(["digests"], { window, Worker });
  return { digests: new Digests(url, isAlways), workers };
}

const chunk = (size = 8 * MIB) => ({ size });

/** How many of `count` chunks have a digest where the line has this speed. */
async function digested(digests, lineSpeed, count) {
  const found = [];
  for (let i = 0; i < count; i += 1) found.push(await digests.of(chunk(), lineSpeed));
  return found.filter(Boolean).length;
}

test("the first chunk has its digest, however fast the line", async () => {
  const { digests } = setUp();
  assert.equal(await digests.of(chunk(), 10 ** 12), `of ${8 * MIB}`);
});

test("each chunk has one where hashing is twice as fast as the line", async () => {
  const { digests } = setUp();
  assert.equal(await digested(digests, 50 * MIB, 100), 100);
});

test("where the line would wait for hashing, one chunk of 32 has its digest", async () => {
  const { digests } = setUp();
  await digests.of(chunk(), 0);
  assert.equal(await digested(digests, 51 * MIB, 96), 3);
});

test("who wants a digest always has the line wait for it", async () => {
  const { digests } = setUp({ isAlways: true });
  assert.equal(await digested(digests, 500 * MIB, 40), 40);
});

test("a line that has become slower gets its digests again", async () => {
  const { digests } = setUp();
  await digests.of(chunk(), 0);
  await digested(digests, 200 * MIB, 10);
  assert.equal(await digested(digests, MIB, 10), 10);
});

test("how fast hashing is, is not told by small chunks", async () => {
  const { digests } = setUp({ rate: 1 });
  await digests.of(chunk(MIB - 1), 0);
  assert.equal(await digests.of(chunk(MIB - 1), MIB), `of ${MIB - 1}`);
});

test("bytes that were read already need no worker", async () => {
  const { digests, workers } = setUp();
  await digests.of(new Uint8Array(3), MIB);
  assert.equal(workers.length, 0);
});

test("bytes that were read already have their digest on any line", async () => {
  const { digests } = setUp();
  await digests.of(chunk(), 0);
  const wanted = createHash("sha256").update("abc").digest("base64");
  assert.equal(await digests.of(new TextEncoder().encode("abc"), 10 ** 12), wanted);
});

test("without a worker's address or WebCrypto there are none", async () => {
  for (const lack of [{ url: "" }, { crypto: {} }]) {
    const { digests } = setUp(lack);
    assert.equal(await digests.of(chunk(), MIB), null);
    assert.equal(await digests.of(new Uint8Array(3), MIB), null);
  }
});

test("a worker that can't be loaded is done without", async () => {
  const { digests, workers } = setUp();
  const first = digests.of(chunk(), MIB);
  workers[0].dispatchEvent(new Event("error"));
  assert.equal(await first, null);
  assert.equal(await digests.of(chunk(), MIB), null);
  assert.equal(workers[0].isEnded, true);
});
