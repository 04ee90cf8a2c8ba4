"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const text = (string) => Buffer.from(string, "latin1");
const hex = (digits) => Buffer.from(digits.replace(/ /g, ""), "hex");
const filled = (...parts) => Buffer.concat([...parts, Buffer.alloc(64)]);

function be(bytes, ...numbers) {
  const buffer = Buffer.alloc(bytes * numbers.length);
  numbers.forEach((number, i) => buffer.writeUIntBE(number, bytes * i, bytes));
  return buffer;
}

function le(bytes, ...numbers) {
  const buffer = Buffer.alloc(bytes * numbers.length);
  numbers.forEach((number, i) => buffer.writeUIntLE(number, bytes * i, bytes));
  return buffer;
}

const png = (width, height) => filled(hex("89504e470d0a1a0a 0000000d"), text("IHDR"), be(4, width, height));
const segment = (marker, content) => Buffer.concat([be(2, marker, content.length + 2), content]);
const frame = (width, height) => segment(0xffc2, Buffer.concat([hex("08"), be(2, height, width)]));

function jpeg(width, height) {
  const metadata = Array(5).fill(segment(0xffe1, Buffer.alloc(60000, 0xff)));
  return filled(hex("ffd8"), ...metadata, hex("ff"), segment(0xffc4, be(2, 1, 2, 3)), frame(width, height));
}

function heif(...sizes) {
  const boxes = sizes.map((size) => Buffer.concat([text("\0\0\0\x14ispe\0\0\0\0"), be(4, ...size)]));
  return filled(text("\0\0\0\x18ftypavif"), Buffer.alloc(20), ...boxes);
}

/** Return how the browser is asked to make each file smaller. */
async function asked(...files) {
  const calls = [];
  const createImageBitmap = async (file, options) => calls.push({ file, ...options });
  const { shrink } = load(["peeking", "images"], { createImageBitmap });
  for (const file of files) await shrink(file);
  return calls;
}

test("the shorter side is what an image is made smaller by, in each format", async () => {
  const images = [
    [png(4000, 3000), png(3000, 4000)],
    [jpeg(4000, 3000), jpeg(3000, 4000)],
    [filled(text("GIF89a"), le(2, 4000, 3000)), filled(text("GIF89a"), le(2, 3000, 4000))],
    [filled(text("RIFF    WEBPVP8     "), Buffer.alloc(6), le(2, 4000, 3000))],
    [filled(text("RIFF    WEBPVP8L    /"), le(4, 3999 + 2999 * 2 ** 14))],
    [filled(text("RIFF    WEBPVP8X    "), Buffer.alloc(4), le(3, 3999, 2999))],
    [filled(text("BM"), Buffer.alloc(16), le(4, 4000, 2 ** 32 - 3000))],
    [heif([160, 320], [4000, 3000], [16, 16])],
  ];
  for (const [landscape, portrait] of images) {
    const [call] = await asked(new Blob([landscape]));
    assert.deepEqual([call.resizeWidth, call.resizeHeight], [undefined, 160]);
    if (!portrait) continue;
    const [other] = await asked(new Blob([portrait]));
    assert.deepEqual([other.resizeWidth, other.resizeHeight], [160, undefined]);
  }
});

test("an image that is small already is not made larger", async () => {
  const [call] = await asked(new Blob([png(32, 16)]));
  assert.equal(call.resizeHeight, 16);
});

const HOPELESS = {
  "no bytes": Buffer.alloc(0),
  "few bytes": hex("ffd8"),
  "a drawing": filled(text("<svg xmlns='http://www.w3.org/2000/svg'/>")),
  "a text": filled(text("photo.jpg, but it is a text")),
  "nothing wide": png(0, 100),
  "more than memory takes": png(60000, 60000),
  "longest of lines": png(65535, 1),
  "JPEG that is cut": jpeg(40, 30).subarray(0, 200000),
  "JPEG of nothing": filled(hex("ffd8")),
  "JPEG of many segments": filled(hex("ffd8"), Buffer.concat(Array(9000).fill(segment(0xffe0, hex(""))))),
  "JPEG of fill bytes": Buffer.concat([hex("ffd8"), Buffer.alloc(99999, 0xff)]),
  "AVIF without a size": heif(),
};

test("what cannot be an image, or not a small one, is not even tried", async () => {
  for (const [name, content] of Object.entries(HOPELESS)) {
    await assert.rejects(asked(new Blob([content])), RangeError, name);
  }
  const huge = new Blob([png(40, 30)]);
  Object.defineProperty(huge, "size", { value: 2 ** 40 });
  await assert.rejects(asked(huge), RangeError);
});
