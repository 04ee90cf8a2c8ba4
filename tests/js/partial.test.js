"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { optionsOf, siteOf } = load(["partial"]);

const USUAL = { chunkSize: 8 * 1024 * 1024, filesInFlight: 4, rangesInFlight: 2, patience: 45 };

test("options that the page does not give are the usual ones", () => {
  assert.deepEqual(optionsOf({ dataset: {} }), USUAL);
  const none = { chunkSize: "", filesInFlight: "0", rangesInFlight: "-1", patience: "long" };
  assert.deepEqual(optionsOf({ dataset: none }), USUAL);
});

test("options are numbers", () => {
  const dataset = { chunkSize: "65536", filesInFlight: "1", rangesInFlight: "3", patience: "0.5" };
  assert.deepEqual(optionsOf({ dataset }), {
    chunkSize: 65536,
    filesInFlight: 1,
    rangesInFlight: 3,
    patience: 0.5,
  });
});

test("the CSRF token is the partial's own, or that of the form around it", () => {
  const form = { elements: { namedItem: (name) => name === "csrfmiddlewaretoken" && { value: "F" } } };
  const root = (dataset, around) => ({ dataset, closest: () => around });
  assert.equal(siteOf(root({ csrfToken: "P" }, form)).csrf_token, "P");
  assert.equal(siteOf(root({}, form)).csrf_token, "F");
  assert.equal(siteOf(root({}, null)).csrf_token, "");
});
