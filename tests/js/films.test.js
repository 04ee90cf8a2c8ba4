"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { load } = require("./loading.js");

const KEY = Buffer.from("the first picture, as it was encoded");
const SOURCES = ["peeking", "mp4", "matroska", "films"];

// --- files ---

const u8 = (...bytes) => Buffer.from(bytes);
const u32 = (...numbers) => {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => bytes.writeUInt32BE(number >>> 0, 4 * i));
  return bytes;
};

function box(type, ...content) {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(8 + body.length), Buffer.from(type), body]);
}

const AVCC = u8(1, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0, 0);
const RECORDS = { avc1: box("avcC", AVCC) };
const UPRIGHT = [1, 0, 0, 1];

/** The moov of a film whose first picture lies at `offset`. */
function moov(offset, { entry = "avc1", record = RECORDS.avc1, matrix = UPRIGHT, ...tables } = {}) {
  const [a, b, c, d] = matrix.map((number) => number * 65536);
  const header = box("tkhd", u32(0, 0, 0, 7), Buffer.alloc(24), u32(a, b, 0, c, d, 0, 0, 0, 0x40000000));
  const described = box("stsd", u32(0, 1), box(entry, Buffer.alloc(78), record));
  const {
    stss = box("stss", u32(0, 1, 1)),
    stsz = box("stsz", u32(0, 0, 2, KEY.length, 99)),
    stco = box("stco", u32(0, 1, offset)),
  } = tables;
  const table = box("stbl", described, stss, stsz, stco);
  const track = (handler, ...more) =>
    box("trak", header, box("mdia", box("hdlr", u32(0, 0), Buffer.from(handler)), ...more));
  return box("moov", box("mvhd", Buffer.alloc(100)), track("soun"), track("vide", box("minf", table)));
}

const FTYP = box("ftyp", Buffer.from("isom"), u32(0));
const MDAT = box("mdat", Buffer.from("sound"), KEY, Buffer.from("more"));
const AT_START = FTYP.length + 8 + 5;

function mp4(options) {
  return Buffer.concat([FTYP, MDAT, moov(AT_START, options)]);
}

function fragmented() {
  const stsz = box("stsz", u32(0, 0, 0));
  const head = Buffer.concat([FTYP, moov(0, { stss: u8(), stsz, stco: box("stco", u32(0, 0)) })]);
  const other = box("traf", box("tfhd", u32(0x20000, 1)), box("trun", u32(1, 1, 8)));
  const make = (offset) => {
    const run = box("trun", u32(0x205, 2, offset, 0x2000000, KEY.length, 99));
    return box("moof", box("mfhd", u32(0, 1)), other, box("traf", box("tfhd", u32(0x20000, 7)), run));
  };
  return Buffer.concat([head, make(make(0).length + 13), MDAT]);
}

// EBML: sizes of four bytes, all but the first three bits.
function element(id, ...content) {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from(id, "hex"), u32(0x10000000 + body.length), body]);
}

const UNKNOWN = u8(0x01, 255, 255, 255, 255, 255, 255, 255);
const EBML = element("1a45dfa3", element("4282", Buffer.from("webm")));

function webm({ codec = "V_VP8", record = null, block = "a3" } = {}) {
  const track = (number, type, ...more) =>
    element("ae", element("d7", u8(number)), element("83", u8(type)), ...more);
  const film = [element("86", Buffer.from(codec)), ...(record ? [element("63a2", record)] : [])];
  const tracks = element("1654ae6b", track(1, 2), track(2, 1, ...film));
  const sound = element("a3", u8(0x81, 0, 0, 0x80), Buffer.from("sound"));
  const picture = element(block, u8(0x82, 0, 0, 0x80), KEY);
  const cluster = [Buffer.from("1f43b675", "hex"), UNKNOWN, element("e7", u8(0)), sound];
  const group = block === "a1" ? element("a0", picture) : picture;
  return Buffer.concat([EBML, Buffer.from("18538067", "hex"), UNKNOWN, tracks, ...cluster, group]);
}

// --- what a browser decodes ---

/** Return `firstFrame` in a browser, and what its decoder was given. */
function browser({ supported = true, fails = false } = {}) {
  const asked = [];
  class VideoDecoder {
    static async isConfigSupported(config) {
      asked.push(config);
      return { supported };
    }

    constructor({ output, error }) {
      this.output = output;
      this.error = error;
      this.state = "configured";
    }

    configure() {}

    decode({ data }) {
      if (fails) this.error(new Error("not a picture"));
      else this.output({ data: Buffer.from(data).toString() });
    }

    async flush() {}

    close() {
      this.state = "closed";
    }
  }
  class EncodedVideoChunk {
    constructor(settings) {
      Object.assign(this, settings);
    }
  }
  const timers = { setTimeout: () => 0, clearTimeout() {} };
  const { firstFrame } = load(SOURCES, { VideoDecoder, EncodedVideoChunk, ...timers });
  return { firstFrame, asked };
}

async function codecOf(film) {
  const { firstFrame, asked } = browser();
  const { frame, turn } = await firstFrame(new Blob([film]));
  assert.equal(frame.data, KEY.toString());
  return { ...asked[0], turn };
}

// --- films ---

test("the first picture of an mp4 is found, wherever its tables stand", async () => {
  const atStart = (offset) => Buffer.concat([FTYP, moov(offset), MDAT]);
  const films = {
    "at the end": mp4(),
    "at the start": atStart(FTYP.length + moov(0).length + 13),
    "in offsets of 64 bits": mp4({ stco: box("co64", u32(0, 1, 0, AT_START)) }),
    "without sync samples": mp4({ stss: u8() }),
    "by one size for all": mp4({ stsz: box("stsz", u32(0, KEY.length, 2)) }),
    "in fragments": fragmented(),
    "behind a large box": Buffer.concat([u32(1), Buffer.from("free"), u32(0, 16), atStart(
      16 + FTYP.length + moov(0).length + 13,
    )]),
  };
  for (const [name, film] of Object.entries(films)) {
    const { codec, description } = await codecOf(film).catch((error) => assert.fail(`${name}: ${error.stack}`));
    assert.equal(codec, "avc1.64001f", name);
    assert.deepEqual(Buffer.from(description), AVCC, name);
  }
});

test("the first picture of a WebM or Matroska file is found", async () => {
  for (const block of ["a3", "a1"]) assert.equal((await codecOf(webm({ block }))).codec, "vp8");
  assert.equal((await codecOf(webm({ codec: "V_VP9" }))).codec, "vp09.00.10.08");
  const film = await codecOf(webm({ codec: "V_MPEG4/ISO/AVC", record: AVCC }));
  assert.deepEqual([film.codec, Buffer.from(film.description)], ["avc1.64001f", AVCC]);
});

test("decoders are told of each codec what its record says", async () => {
  const records = [
    ["hvc1", "hvcC", u8(1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0), "hvc1.1.6.L93.90"],
    ["hev1", "hvcC", u8(1, 0x22, 0x20, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 153), "hvc1.2.4.H153.b0"],
    ["vp09", "vpcC", u8(1, 0, 0, 0, 2, 31, 0xa2, 1, 1, 1, 0, 0), "vp09.02.31.10"],
    ["vp09", "vpcC", u8(1, 0, 0, 0, 0, 0, 0x81, 1, 13, 1, 0, 0), "vp09.00.10.08"], // as Chromium records
    ["av01", "av1C", u8(0x81, 0x04, 0x0c, 0), "av01.0.04M.08"],
    ["av01", "av1C", u8(0x81, 0x2d, 0xcc, 0), "av01.1.13H.10"],
  ];
  for (const [entry, name, record, codec] of records) {
    assert.equal((await codecOf(mp4({ entry, record: box(name, record) }))).codec, codec);
  }
});

test("a film from a phone that was held upright is turned", async () => {
  const matrices = [UPRIGHT, [0, 1, -1, 0], [-1, 0, 0, -1], [0, -1, 1, 0]];
  const turns = [];
  for (const matrix of matrices) turns.push((await codecOf(mp4({ matrix }))).turn);
  assert.deepEqual(turns, [0, 1, 2, 3]);
});

// --- what is none, or means harm ---

/** A file that counts what is read of it, and may be said to be larger than it is. */
function watched(content, size = content.length) {
  const film = { size, read: 0, looks: 0 };
  film.slice = (start, end) => ({
    async arrayBuffer() {
      film.read += end - start;
      film.looks += 1;
      const part = Buffer.alloc(Math.min(end, size) - start);
      content.copy(part, 0, start, end);
      return part.buffer.slice(part.byteOffset, part.byteOffset + part.length);
    },
  });
  return film;
}

const large = (type, high, low) => Buffer.concat([u32(1), Buffer.from(type), u32(high, low)]);
const HOSTILE = {
  "no bytes": [u8()],
  "one byte": [u8(0)],
  text: [Buffer.from("not a film at all, but a text")],
  zeros: [Buffer.alloc(4096)],
  "ones": [Buffer.alloc(4096, 255)],
  "box of size 0": [FTYP, u32(0), Buffer.from("moov")],
  "box of size 2": [FTYP, u32(2), Buffer.from("moov"), Buffer.alloc(99)],
  "box of 2^53 bytes": [FTYP, large("mdat", 0x200000, 0), moov(0)],
  "box of 2^64 bytes": [FTYP, large("moov", 0xffffffff, 0xffffffff), moov(0)],
  "large box of size 0": [FTYP, large("free", 0, 0), moov(0)],
  "boxes without end": [Buffer.concat(Array(100000).fill(box("free")))],
  "moov without end": [FTYP, box("moov", ...Array(100000).fill(box("trak")))],
  "moov in itself": [FTYP, box("moov", box("moov", moov(0)))],
  "picture past the end": [FTYP, moov(2 ** 31)],
  "picture of 4 GB": [mp4({ stsz: box("stsz", u32(0, 0xffffffff, 2)) })],
  "tables without content": [mp4({ stss: u8(), stsz: box("stsz"), stco: box("stco") })],
  "tables that lie about their length": [mp4({ stco: box("stco", u32(0, 0xffffffff)) })],
  "later sync sample": [mp4({ stss: box("stss", u32(0, 1, 9)) })],
  "unknown codec": [mp4({ entry: "mp4v", record: box("esds", u32(0)) })],
  "record without content": [mp4({ record: u8() })],
  "fragments that are missing": [fragmented().subarray(0, FTYP.length + 500)],
  "element of unknown size": [EBML, u8(0xec), UNKNOWN],
  "element of 2^56 - 2 bytes": [EBML, u8(0xec, 0x01, 255, 255, 255, 255, 255, 255, 254)],
  "elements without end": [EBML, Buffer.concat(Array(100000).fill(u8(0xec, 0x80)))],
  "segments in segments": [EBML, Buffer.concat(Array(20000).fill(Buffer.from("1853806780", "hex")))],
  "tracks without tracks": [EBML, element("1654ae6b", element("ae")), element("a3", u8(0x81))],
  "track that goes past the end": [EBML, Buffer.from("1654ae6bafae8fffff", "hex")],
  "unknown codec in Matroska": [webm({ codec: "V_UNHEARD_OF" })],
  "AVC without a record": [webm({ codec: "V_MPEG4/ISO/AVC" })],
  "block without content": [webm().subarray(0, -KEY.length - 4)],
};

for (const [name, parts] of Object.entries(HOSTILE)) {
  test(`no picture, and little reading: ${name}`, async () => {
    const content = Buffer.concat(parts);
    for (const size of [content.length, 2 ** 40]) {
      const film = watched(content, Math.max(size, content.length));
      const { firstFrame, asked } = browser();
      await assert.rejects(firstFrame(film));
      assert.deepEqual(asked, []);
      assert.ok(film.read <= 9 * 1024 * 1024, film.read);
      assert.ok(film.looks <= 2000, film.looks);
    }
  });
}

test("a film that was cut anywhere gives its picture or none", async () => {
  const { firstFrame } = browser();
  for (const film of [mp4(), fragmented(), webm()]) {
    for (let length = 0; length < film.length; length += 1) {
      const found = await firstFrame(new Blob([film.subarray(0, length)])).catch(() => null);
      if (found) assert.equal(found.frame.data, KEY.toString());
    }
  }
});

test("a byte that was changed anywhere gives some picture or none", async () => {
  const { firstFrame } = browser();
  for (const film of [mp4(), fragmented(), webm()]) {
    for (let at = 0; at < film.length; at += 1) {
      const changed = Buffer.from(film);
      changed[at] ^= 0xff;
      const watchedFilm = watched(changed);
      await firstFrame(watchedFilm).catch(() => null);
      assert.ok(watchedFilm.read <= 9 * 1024 * 1024);
    }
  }
});

test("what the browser cannot decode gives no picture", async () => {
  await assert.rejects(browser({ supported: false }).firstFrame(new Blob([mp4()])));
  await assert.rejects(browser({ fails: true }).firstFrame(new Blob([mp4()])));
  await assert.rejects(load(SOURCES).firstFrame(new Blob([mp4()]))); // has no decoder
});
