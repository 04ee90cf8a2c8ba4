"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { FakeServer, held } = require("./fakes.js");
const { load } = require("./loading.js");

const page = load(["failures", "finding", "cancelling"]);
const { RequestFailed, cancelOnServer } = page;
const STILL = new AbortController().signal;

const fakeServer = (...uploads) => new FakeServer(page, uploads);

const cancel = (server, known, isAllThere = false) =>
  cancelOnServer({ known, isAllThere }, server, STILL);

test("an unfinished upload is removed", async () => {
  const server = fakeServer(held("a", 10));
  assert.equal(await cancel(server, held("a", 10)), false);
  assert.deepEqual(server.removed, ["a"]);
});

test("what the server never knew needs no removing", async () => {
  const server = fakeServer(held("a", 10));
  assert.equal(await cancel(server, null), false);
  assert.deepEqual(server.removed, []);
});

test("what was finished meanwhile is kept", async () => {
  const server = fakeServer({ ...held("a", 100), state: "COMPLETE" });
  assert.equal(await cancel(server, held("a", 100)), true);
  assert.deepEqual(server.removed, []);
});

test("an upload that is gone is cancelled already", async () => {
  assert.equal(await cancel(fakeServer(), held("a", 10)), false);
});

test("an upload that is gone since it was finished is kept", async () => {
  const server = fakeServer();
  server.finished = ["a"];
  assert.equal(await cancel(server, held("a", 100), true), true);
  server.finished = [];
  assert.equal(await cancel(server, held("a", 100), true), false);
});

test("who may not cancel what is there does not learn that it is gone", async () => {
  const server = fakeServer(held("a", 10));
  server.state = async () => {
    throw new RequestFailed(401);
  };
  await assert.rejects(cancel(server, held("a", 10)), { status: 401 });
  server.uploads = []; // its token ended with it
  assert.equal(await cancel(server, held("a", 10)), false);
});

test("a server in trouble has not cancelled anything", async () => {
  const server = fakeServer(held("a", 10));
  server.remove = async () => {
    throw new RequestFailed(503);
  };
  await assert.rejects(cancel(server, held("a", 10)), { status: 503 });
});
