"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { typeOf } = load(["types"]);

test("a file is of the kind that its extension says, whatever the browser thinks", () => {
  const kinds = {
    pdf: ["report.pdf", "REPORT.PDF"],
    video: ["film.mp4", "film.MOV", "film.webm", "film.mkv"],
    audio: ["song.mp3", "song.flac"],
    image: ["photo.JPG", "photo.heic", "sign.svg"],
    archive: ["all.zip", "all.tar.gz", "all.7z"],
    document: ["letter.docx", "table.xlsx", "read me.txt", "data.csv"],
    code: ["main.py", "page.html", "data.json"],
  };
  for (const [kind, names] of Object.entries(kinds)) {
    for (const name of names) assert.equal(typeOf(name, "application/octet-stream"), kind, name);
  }
});

test("where the name says nothing, the browser's type does", () => {
  const kinds = {
    "video/x-unheard-of": "video",
    "audio/mpeg": "audio",
    "image/png": "image",
    "application/pdf": "pdf",
    "application/zip": "archive",
    "application/x-7z-compressed": "archive",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "application/msword": "document",
    "text/plain": "document",
    "text/x-python": "code",
    "application/json": "code",
    "application/octet-stream": "other",
    "": "other",
  };
  for (const [mime, kind] of Object.entries(kinds)) {
    for (const name of ["file", "file.unheardof", ".hidden", ""]) {
      assert.equal(typeOf(name, mime), kind, `${name} ${mime}`);
    }
  }
});

test("a name that only looks like a kind is of none", () => {
  for (const name of ["pdf", "film.mp4.part", "x.constructor", "x.__proto__", "x.mp4 "]) {
    assert.equal(typeOf(name), "other", name);
  }
});
