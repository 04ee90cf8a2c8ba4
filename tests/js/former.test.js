"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const { formersOf } = load(["former"]);

const MODEL = { name: "old.mp4", bytes: "1500", url: "/media/old.mp4", claim: "" };
const KEPT = { name: "new.mp4", bytes: "10", url: "", claim: "uuid:token" };

/** A field whose page tells of these files; `boxes` are those of forms without scripts. */
function field(told, { clear = null, kept = null } = {}) {
  const classes = {
    "chunked-uploads-field-kept": kept ? [kept] : [],
    "chunked-uploads-field-former": told.map((dataset) => ({ dataset })),
  };
  return {
    getElementsByClassName: (name) => classes[name],
    querySelectorAll: () => [clear, kept].filter(Boolean),
  };
}

test("the last of the files stands before the others", () => {
  const boxes = { clear: { checked: false }, kept: { checked: true } };

  const formers = formersOf(field([MODEL, KEPT], boxes));

  assert.deepEqual(
    formers.map(({ file, box }) => [file.name, file.size, box]),
    [["old.mp4", 1500, boxes.clear], ["new.mp4", 10, boxes.kept]],
  );
});

test("a file without a size or a box has none", () => {
  const [former] = formersOf(field([{ ...MODEL, bytes: "" }]));

  assert.deepEqual(former.file, { name: "old.mp4", size: null, url: "/media/old.mp4", isFixed: true });
  former.use(true, false); // there is nothing to tick
});

test("an upload that was kept goes along while it is what the form has", () => {
  const kept = { checked: true };
  const [former] = formersOf(field([KEPT], { kept }));

  for (const isUsed of [false, true]) {
    former.use(isUsed, !isUsed);
    assert.equal(kept.checked, isUsed);
  }
});

test("the model's file is cleared where it was removed, and nothing else is there", () => {
  const clear = { checked: true }; // as a browser may have kept it
  const [former] = formersOf(field([MODEL], { clear }));
  former.use(true, false);
  assert.equal(clear.checked, false);

  former.remove();
  former.use(false, false);
  assert.equal(clear.checked, true);
  former.use(false, true); // another file was chosen
  assert.equal(clear.checked, false);
  former.restore();
  former.use(true, false);
  assert.equal(clear.checked, false);
});

test("a file is shown as a row of the uploader", () => {
  const [former] = formersOf(field([KEPT], { kept: { checked: true } }));
  const row = {};

  former.show({ addFinished: (file) => (file.name === "new.mp4" ? row : null) });

  assert.equal(former.upload, row);
});
