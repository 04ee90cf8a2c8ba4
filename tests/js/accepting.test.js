"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { mediaOf, pickerTypes, refusalOf } = load(["failures", "types", "accepting"]);

const TEXTS = { format: { bytes: (count) => `${count} bytes` }, tokens: (accept) => accept.join("|") };
const refuse = (file, limits) => refusalOf(file, { maxSize: Infinity, accept: [], ...limits }, TEXTS);

test("a file is refused by its size, and told what could be taken", () => {
  assert.equal(refuse({ name: "a", size: 1000 }, { maxSize: 1000 }), null);
  const { key, values } = refuse({ name: "a", size: 1001 }, { maxSize: 1000 });
  assert.deepEqual([key, values], ["too-large", { size: "1000 bytes" }]);
});

test("a file is refused by its type, and told what could be taken", () => {
  const { key, values } = refuse({ name: "a.txt", size: 1 }, { accept: [".mp4", "image/*"] });
  assert.deepEqual([key, values], ["wrong-type", { types: ".mp4|image/*" }]);
});

const ACCEPTED = [
  // accept, name, type, is taken
  [[], "x", "", true],
  [[".mp4"], "A.MP4", "", true],
  [[".MP4"], "a.mp4", "video/mp4", true],
  [[".mp4"], "mp4", "", false],
  [[".mp4"], "a.mp4.exe", "", false],
  [[".tar.gz"], "b.tar.gz", "application/gzip", true],
  [[".tar.gz"], "b.gz", "application/gzip", false],
  [["image/*"], "a.png", "image/png", true],
  [["IMAGE/*"], "a", "Image/PNG", true],
  [["image/*"], "imagery.mp4", "video/mp4", false],
  [["image/*"], "a.pdf", "application/pdf", false],
  [["image/*", ".pdf"], "a.pdf", "application/pdf", true],
  [["application/pdf"], "a.pdf", "application/pdf", true],
  [["application/pdf"], "a.doc", "application/msword", false],
  // Windows has names of its own for these.
  [["text/csv"], "a.csv", "application/vnd.ms-excel", true],
  [["text/*"], "a.csv", "application/vnd.ms-excel", true],
  [["text/*"], "a.pdf", "application/pdf", false],
  [["application/zip"], "a.zip", "application/x-zip-compressed", true],
  [["video/*"], "a.mts", "model/vnd.mts", true],
  // Without a type, or with one that says nothing, by the extension.
  [["image/*"], "a.HEIC", "", true],
  [["image/heic"], "a.heic", "", true],
  [["image/jpeg"], "a.heic", "", true],
  [["video/*"], "a.mkv", "application/octet-stream", true],
  [["video/x-flv"], "a.flv", "", true],
  [["video/*"], "a.heic", "", false],
  [["image/png"], "a.mkv", "", false],
  [["application/pdf"], "a.heic", "", false],
  // Nobody can tell: the server decides.
  [["image/*"], "a", "", true],
  [["video/*"], "a.xyz", "", true],
  [["application/pdf"], "a.xyz", "", true],
  [["text/plain"], "a.md", "", true],
  [["image/*"], "a.xyz", "chemical/x-xyz", false],
];

test("files are taken by the tokens of an input's accept", () => {
  for (const [accept, name, type, isTaken] of ACCEPTED) {
    assert.equal(refuse({ name, type, size: 1 }, { accept }) === null, isTaken, `${accept} ${name} ${type}`);
  }
});

test("a camera and a gallery give what is taken of photos and videos", () => {
  for (const [accept, media] of [
    [[], ["image/*", "video/*"]],
    [["image/*", ".pdf"], ["image/*"]],
    [[".mov", ".MP4"], ["video/*"]],
    [[".jpg", "video/mp4"], ["image/*", "video/*"]],
    [[".pdf", "audio/*"], []],
  ]) {
    assert.deepEqual(mediaOf(accept), media);
  }
});

test("the browser's picker gets types as it knows them", () => {
  assert.deepEqual(pickerTypes([]), []);
  assert.deepEqual(pickerTypes(["image/*", ".Pdf", ".tar.gz"]), [
    { accept: { "image/*": [], "application/x-files": [".pdf", ".tar.gz"] } },
  ]);
});

test("the picker is not used for extensions that it would not bear", () => {
  for (const token of [".файл", ".averyverylongending", ".a-b", "."]) {
    assert.equal(pickerTypes([".mp4", token]), null, token);
  }
});
