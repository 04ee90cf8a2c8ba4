"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { FILE, FakeServer, held } = require("./fakes.js");
const { Clock, load } = require("./loading.js");

const clock = new Clock();
const page = load(["failures", "finding"], clock.globals);
const { OtherContent, RequestFailed, Unconfirmed, findOnServer } = page;
const STILL = new AbortController().signal;

const fakeServer = (...uploads) => new FakeServer(page, uploads);

/** An upload as it looks to finding: of FILE, with what is said otherwise. */
function uploadOf(server, { known = null, others = [], isUnverified = false, ...source } = {}) {
  return {
    server,
    known,
    size: FILE.size,
    others: () => others,
    file: FILE,
    source: { file: FILE, fingerprint: "mine", isConfirmed: false, isUnverified, ...source },
  };
}

const uuidOf = (answer) => answer && answer.upload_uuid;

async function find(server, options) {
  return uuidOf(await findOnServer(uploadOf(server, options), STILL));
}

test("a new file is found nowhere", async () => {
  assert.equal(await find(fakeServer()), null);
});

test("an upload is found by its own URL first", async () => {
  const server = fakeServer(held("a", 10), held("b", 90));
  assert.equal(await find(server, { known: held("a", 0) }), "a");
});

test("of several of the file the one with most of it is found", async () => {
  const server = fakeServer(held("a", 10), held("b", 90), held("c", 20));
  assert.equal(await find(server), "b");
});

test("an upload that is gone is found by its file", async () => {
  const server = fakeServer(held("b", 90));
  assert.equal(await find(server, { known: held("a", 0) }), "b");
  server.isAuthenticated = false;
  server.uploads = [];
  assert.equal(await find(server, { known: held("a", 0) }), null);
});

test("a server in trouble is no server without the upload", async () => {
  const server = fakeServer(held("a", 10));
  server.stateAtRest = async () => {
    throw new RequestFailed(503);
  };
  await assert.rejects(find(server, { known: held("a", 0) }), { status: 503 });
});

test("an upload that another row of the page is at is left to it", async () => {
  const server = fakeServer(held("a", 10), held("b", 5));
  const others = [{ file: FILE, known: held("a", 10) }];
  assert.equal(await find(server, { others }), "b");
  // A row that is missing its file is at nothing.
  assert.equal(await find(server, { others: [{ file: null, known: held("a", 10) }] }), "a");
});

test("an upload of another size is not the file's", async () => {
  assert.equal(await find(fakeServer(held("a", 10, "mine", 101))), null);
});

test("an upload without a fingerprint is not continued unasked", async () => {
  assert.equal(await find(fakeServer(held("a", 10, ""))), null);
});

test("the file that was chosen for an unfinished upload is verified", async () => {
  const known = held("a", 10);
  const server = fakeServer(held("a", 10));
  assert.equal(await find(server, { known, isUnverified: true }), "a");
  server.uploads = [held("a", 10, "of another")];
  await assert.rejects(find(server, { known, isUnverified: true }), OtherContent);
});

test("without a fingerprint the visitor's word is enough, and nothing less", async () => {
  const known = held("a", 10, "");
  const server = fakeServer(known);
  const options = { known, isUnverified: true };
  await assert.rejects(find(server, options), Unconfirmed);
  assert.equal(await find(server, { ...options, isConfirmed: true }), "a");
});

test("the visitor's word is no proof against a fingerprint", async () => {
  const known = held("a", 10);
  const server = fakeServer(held("a", 10, "of another"));
  const options = { known, isUnverified: true, isConfirmed: true };
  await assert.rejects(find(server, options), OtherContent);
});

test("a chosen file whose upload is gone may continue another one", async () => {
  const options = { known: held("a", 10), isUnverified: true };
  assert.equal(await find(fakeServer(held("b", 20)), options), "b");
  assert.equal(await find(fakeServer(), options), null);
});

/** A server that answers after its full wait, as if somebody wrote all the while. */
function busy(...received) {
  const server = fakeServer();
  server.questions = 0;
  server.stateAtRest = async () => {
    clock.now += 2000;
    server.questions += 1;
    return held("a", received.length > 1 ? received.shift() : received[0]);
  };
  return server;
}

test("bytes that still arrive are waited for", async () => {
  const server = busy(10, 20, 30, 40, 50, 60, 70);
  const answer = await findOnServer(uploadOf(server, { known: held("a", 0) }), STILL);
  assert.equal(answer.received, 70);
});

test("somebody who brings nothing is not waited for without end", async () => {
  const server = busy(10);
  await findOnServer(uploadOf(server, { known: held("a", 0) }), STILL);
  assert.equal(server.questions, 5);
});
