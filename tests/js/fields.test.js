"use strict";

const assert = require("node:assert/strict");
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");

const { SOURCES } = require("./loading.js");

const texts = readdirSync(SOURCES).map((name) => readFileSync(join(SOURCES, name), "utf8"));
const classes = texts.flatMap((text) => text.match(/^ {2}class .*?^ {2}\}/gms) || []);

const written = (text) => [...text.matchAll(/\bthis\.(\w+) (?:[-+]=|=) /g)].map(([, field]) => field);

test("each field is declared in the constructor of its class", () => {
  assert.ok(classes.length > 15);
  for (const text of classes) {
    const [constructor = ""] = text.match(/^ {4}constructor\(.*?^ {4}\}/ms) || [];
    const declared = new Set(written(constructor));
    const others = written(text).filter((field) => !declared.has(field));
    assert.deepEqual(others, [], text.split("\n", 1)[0]);
  }
});

const OF_ELEMENTS = "hidden|textContent|value";
const OBJECTS =
  "upload|known|sending|progress|source|retrying|advancing|transport|sizer|server|failure|queue|" +
  "uploader|view|choosing|notices|field|guard|row|meter|shown";

test("a field is written by nobody but its owner", () => {
  const elsewhere = new RegExp(`\\b(?:${OBJECTS})\\.(?!${OF_ELEMENTS})\\w+ (?:[-+]=|=) .*`, "g");
  assert.deepEqual(texts.flatMap((text) => text.match(elsewhere) || []), []);
});
