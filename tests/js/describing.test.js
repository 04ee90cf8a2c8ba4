"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");

const { load } = require("./loading.js");

const page = load(["failures", "describing"]);
const { FileChanged, FileRefused, OtherContent, RequestFailed, Unconfirmed } = page;
const { describe, isWorthRetrying } = page;

const TEMPLATE = join(__dirname, "../../chunked_uploads/templates/chunked_uploads/uploader.html");
const MESSAGE = /data-message="([\w-]+)">\{% translate '([^']+)'/g;
const SENTENCES = Object.fromEntries(
  [...readFileSync(TEMPLATE, "utf8").matchAll(MESSAGE)].map(([, key, text]) => [key, text]),
);
// The page's own words.
const TEXTS = {
  text(key, values) {
    assert.ok(key in SENTENCES, key);
    return SENTENCES[key].replace(/\{(\w+)\}/g, (gap, name) => values[name]);
  },
};

/** What is said of a request that failed, with the site's own words where it has some. */
function said(status, { error = "refused", detail = "" } = {}) {
  return describe(new RequestFailed(status, { error, detail }), TEXTS).sentence;
}

const OF_STATUS = [
  [0, "The server cannot be reached. The upload goes on by itself as soon as it can."],
  ...[200, 409, 500, 503].map((status) => [status, "The server has a problem at the moment."]),
  [400, "The server did not understand the request."],
  [401, "Log in again, in another tab for instance: the upload then goes on by itself."],
  [403, "You may not upload this here."],
  [404, "The server no longer has this upload. Trying again begins it anew."],
  [405, "The server refused the upload."],
  [413, "The file is too large for this server."],
  [415, "The server does not take files of this type."],
  [422, "The server does not take this file."],
  [429, "You have too many uploads at the moment."],
  [507, "The server has no room for it at the moment."],
];

test("each failure has its sentence", () => {
  for (const [status, sentence] of OF_STATUS) assert.equal(said(status), sentence);
  const conflict = said(409, { error: "content_conflict" });
  assert.match(conflict, /is of a file with other content. Trying again begins a new upload.$/);
});

const SITES_OWN = new Set([403, 413, 415, 422, 429]);

test("the site's own words stand in place of the sentence where they are for the visitor", () => {
  for (const [status, sentence] of OF_STATUS.filter(([status]) => status)) {
    const wanted = SITES_OWN.has(status) ? "Your plan allows 5 GB." : sentence;
    assert.equal(said(status, { detail: "Your plan allows 5 GB." }), wanted);
  }
});

test("what is for who reads the network tab is not for the visitor", () => {
  const failed = { error: "csrf_failed", detail: "CSRF: no cookie." };
  assert.equal(said(403, failed), "You may not upload this here.");
});

test("to try again is offered only where it can help", () => {
  const helps = (status) => isWorthRetrying(new RequestFailed(status));
  assert.deepEqual([400, 403, 405, 413, 415, 422].filter(helps), []);
  const hopeful = [0, 404, 409, 429, 500, 507];
  assert.deepEqual(hopeful.filter(helps), hopeful);
  assert.ok(isWorthRetrying(new FileChanged()));
});

test("scripts get status and code", () => {
  const failure = new RequestFailed(415, { error: "type_refused", detail: "No." });
  assert.deepEqual(describe(failure, TEXTS), {
    status: 415,
    error: "type_refused",
    detail: "No.",
    sentence: "No.",
  });
});

test("what is wrong with the visitor's file has a code too", () => {
  const refused = new FileRefused("too-large", { size: "1 kB" });
  assert.deepEqual(describe(refused, TEXTS), {
    status: null,
    error: "too_large",
    detail: "",
    sentence: "larger than 1 kB",
  });
  const own = new FileRefused("own", {}, "Only films of today.");
  assert.equal(describe(own, TEXTS).sentence, "Only films of today.");
  const changed = describe(new FileChanged(), TEXTS);
  assert.equal(changed.error, "file_changed");
  assert.match(changed.sentence, /^The file on your device was changed or moved/);
  const { sentence } = describe(new OtherContent(), TEXTS);
  assert.equal(sentence, "That file has the same name and size, but other content.");
  // Of an upload whose beginner said nothing of its content nobody knows.
  assert.match(describe(new Unconfirmed(), TEXTS).sentence, /^It may be another file/);
});
