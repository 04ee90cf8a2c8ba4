"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, load } = require("./loading.js");

const clock = new Clock(Date.parse("2030-01-01T00:00:00Z"));
const { RequestFailed, failureOf, parseList } = load(["failures"], clock.globals);

const of = (status, error) => new RequestFailed(status, error && { error });

test("what may pass is tried again", () => {
  for (const status of [0, 200, 302, 401, 408, 409, 423, 425, 429, 500, 502, 503, 507]) {
    assert.equal(of(status).isCurable, true, status);
  }
  for (const error of ["body_cut", "digest_mismatch"]) {
    assert.equal(of(400, error).isCurable, true, error);
  }
});

test("what does not pass is not tried again", () => {
  for (const status of [400, 403, 404, 405, 411, 413, 415, 422]) {
    assert.equal(of(status).isCurable, false, status);
  }
  for (const error of ["in_use", "content_conflict"]) {
    assert.equal(of(409, error).isCurable, false, error);
  }
});

test("an error of the app says what is known of it", () => {
  const failure = new RequestFailed(409, { error: "content_conflict", detail: "Why." });
  assert.equal(failure.isFromUploads, true);
  assert.equal(failure.detail, "Why.");
  assert.equal(failure.isOfOtherFile, true);
  assert.equal(of(422, "file_refused").isOfWholeFile, true);
  for (const error of ["range_conflict", "ambiguous"]) {
    assert.equal(of(409, error).isOutOfStep, true, error);
  }
  assert.equal(of(409, "range_busy").isOutOfStep, false);
});

test("a failure without an answer is nobody's", () => {
  const failure = of(502);
  assert.equal(failure.isFromUploads, false);
  assert.deepEqual([failure.detail, failure.chunkSize], ["", 0]);
});

const RETRY_AFTER = [
  ["", 0],
  ["7", 7],
  [" 600 ", 600],
  ["Tue, 01 Jan 2030 00:01:30 GMT", 90],
  ["Mon, 31 Dec 2029 00:00:00 GMT", 0], // long ago
  ["soon", 0],
  ["-5", 0],
  [null, 0],
];

test("Retry-After is seconds or a date", () => {
  for (const [retryAfter, seconds] of RETRY_AFTER) {
    assert.equal(new RequestFailed(503, null, { retryAfter }).retryAfter, seconds);
  }
});

test("only a list of JSON is an answer", () => {
  assert.deepEqual(parseList('[{"size": 1}]'), [{ size: 1 }]);
  for (const text of ["", "<p>Log in</p>", "{}", "null", "[", undefined]) {
    assert.equal(parseList(text), null);
  }
});

test("a request that ended without an answer has the status 0", () => {
  for (const request of [undefined, null, {}, { status: 0 }]) {
    const failure = failureOf(request, 5);
    assert.deepEqual([failure.status, failure.chunkSize], [0, 5]);
  }
});

test("a request that failed tells status, answer and when to try again", () => {
  const request = {
    status: 503,
    responseText: '[{"error": "unavailable", "detail": "Later."}]',
    getResponseHeader: (name) => ({ "Retry-After": "9" })[name],
  };
  const failure = failureOf(request, 5);
  assert.equal(failure.status, 503);
  assert.equal(failure.detail, "Later.");
  assert.deepEqual([failure.retryAfter, failure.chunkSize], [9, 5]);
});
