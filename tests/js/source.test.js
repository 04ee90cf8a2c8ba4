"use strict";

const assert = require("node:assert/strict");
const { createHash, randomBytes, webcrypto } = require("node:crypto");
const { test } = require("node:test");

const { load } = require("./loading.js");

const KIB = 1024;
const SOURCES = ["fingerprint", "failures", "source"];
const secure = load(SOURCES, { window: { crypto: webcrypto } });
// As over plain HTTP.
const insecure = load(SOURCES, {
  window: { crypto: { getRandomValues: (array) => array.fill(0xab) } },
});
const { FileChanged, Source } = insecure;

async function fingerprintOf(file, { look } = secure) {
  return (await look(file)).fingerprint;
}

// --- fingerprints ---

test("a small file is taken whole, with or without WebCrypto", async () => {
  for (const size of [0, 1, 55, 56, 64, 3 * KIB, 32 * 32 * KIB]) {
    const content = randomBytes(size);
    const wanted = createHash("sha256").update(`${size}\n`).update(content).digest("hex");
    assert.equal(await fingerprintOf(new Blob([content])), wanted, size);
    assert.equal(await fingerprintOf(new Blob([content]), insecure), wanted, size);
  }
});

test("a large file is sampled from end to end", async () => {
  const content = randomBytes(2 * KIB * KIB + 3);
  const before = await fingerprintOf(new Blob([content]));
  assert.equal(await fingerprintOf(new Blob([content]), insecure), before);
  const last = content.length - 32 * KIB;
  for (const sample of [0, 1, 16, 31]) {
    const start = Math.floor((sample * last) / 31);
    for (const place of [start, start + 32 * KIB - 1]) {
      content[place] ^= 1;
      assert.notEqual(await fingerprintOf(new Blob([content])), before);
      content[place] ^= 1;
    }
  }
});

test("a file of a browser without Blob.arrayBuffer has the same fingerprint", async () => {
  class OldBlob extends Blob {
    get arrayBuffer() {
      return undefined;
    }
  }
  const old = load(SOURCES, { window: { crypto: webcrypto }, Blob: OldBlob });
  const wanted = await fingerprintOf(new Blob(["abc"]));
  assert.equal(await fingerprintOf(new OldBlob(["abc"]), old), wanted);
});

test("all bytes of a small file come along, of a large one none", async () => {
  for (const { look } of [secure, insecure]) {
    const { bytes } = await look(new Blob(["abc"]));
    assert.deepEqual([...bytes], [97, 98, 99]);
    assert.equal((await look(new Blob([new Uint8Array(KIB * KIB + 1)]))).bytes, null);
  }
});

// --- the file of an upload ---

test("a file is not known before its first check", async () => {
  const source = new Source(new Blob(["a"]), "folder/a");
  assert.equal(source.fingerprint, null);
  await source.check();
  assert.equal(source.fingerprint, await fingerprintOf(new Blob(["a"])));
});

test("a file that changed since it was looked at is found out", async () => {
  const source = new Source(new Blob(["a"]), "");
  await source.check();
  await source.check();
  source.file = new Blob(["b"]); // as a file on disk does by itself
  await assert.rejects(source.check(), FileChanged);
});

test("a file that cannot be read counts as a changed one", async () => {
  class UnreadableBlob extends Blob {
    async arrayBuffer() {
      throw new DOMException("The file could not be read.", "NotReadableError");
    }
  }
  const source = new Source(new UnreadableBlob(["a"]), "");
  await assert.rejects(source.check(), FileChanged);
});

test("another file may be given for one that is missing", async () => {
  const source = new Source(new Blob(["a"]), "");
  await source.check();
  source.lose();
  assert.deepEqual([source.file, source.isUnverified], [null, true]);
  source.replace({ file: new Blob(["b"]), path: "folder/b" }, true);
  await source.check();
  assert.deepEqual([source.path, source.isConfirmed, source.isUnverified], ["folder/b", true, true]);
  source.verify();
  assert.equal(source.isUnverified, false);
});

test("a salt tells a file from another one of the same fingerprint", async () => {
  const source = new Source(new Blob(["a"]), "");
  await source.check();
  const before = source.fingerprint;
  source.addSalt();
  assert.equal(source.fingerprint, `${before.slice(0, -8)}000000ab`);
});
