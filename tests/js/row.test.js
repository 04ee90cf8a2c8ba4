"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { FileChanged, FileRefused, OtherContent, RequestFailed, describe } = load(["failures", "row"]);

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
  [401, "Please log in again, in another tab for instance: the upload then goes on by itself."],
  [403, "You may not upload this here."],
  [404, "The server no longer has this upload. Trying again begins it anew."],
  [405, "The server refused the upload."],
  [413, "The file is too large for this server."],
  [415, "The server does not take files of this type."],
  [422, "The server does not take this file."],
  [429, "You have too many uploads at the moment."],
  [507, "The server has no room for the file at the moment."],
];

test("each failure has its sentence", () => {
  for (const [status, sentence] of OF_STATUS) assert.equal(said(status), sentence);
  const conflict = said(409, { error: "content_conflict" });
  assert.match(conflict, /is of a file with other content. Trying again begins a new upload.$/);
});

const DETAILED = new Set([400, 403, 405, 413, 415, 429]);

test("the site's own words stand beside the sentence where they are for the visitor", () => {
  for (const [status, sentence] of OF_STATUS.filter(([status]) => ![0, 422].includes(status))) {
    const wanted = DETAILED.has(status) ? `${sentence} Why.` : sentence;
    assert.equal(said(status, { detail: "Why." }), wanted);
  }
});

test("the words of the site's own check stand in place of the sentence", () => {
  const refusal = { error: "file_refused", detail: "Too loud." };
  assert.equal(said(422, refusal), "Too loud.");
  assert.equal(said(422, { error: "file_refused" }), "The server does not take this file.");
});

test("scripts get status and code", () => {
  const failure = new RequestFailed(415, { error: "type_refused", detail: "No." });
  assert.deepEqual(describe(failure, TEXTS), {
    status: 415,
    error: "type_refused",
    detail: "No.",
    sentence: "The server does not take files of this type. No.",
  });
});

test("what is wrong with the visitor's file has a code too", () => {
  const refused = new FileRefused("too-large", { size: "1 kB" });
  assert.deepEqual(describe(refused, TEXTS), {
    status: null,
    error: "too_large",
    detail: "",
    sentence: "The file is too large: at most 1 kB can be uploaded here.",
  });
  const changed = describe(new FileChanged(), TEXTS);
  assert.equal(changed.error, "file_changed");
  assert.match(changed.sentence, /^The file on your device was changed, moved or deleted/);
  const { sentence } = describe(new OtherContent(), TEXTS);
  assert.equal(sentence, "That file has the same name and size, but other content.");
});
