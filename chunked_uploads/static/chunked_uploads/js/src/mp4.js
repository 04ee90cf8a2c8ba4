"use strict";

/*
 * The first picture of an ISO base media file (.mp4, .mov, .m4v), as it was encoded:
 * ISO/IEC 14496-12, of which only a few boxes are looked at.
 */
(function () {
  const ENTRY = 78; // bytes of a visual sample entry before the boxes in it
  const RECORDS = ["avcC", "hvcC", "vpcC", "av1C"];

  /** The boxes from `start` to `end`: their type, and where their content lies. */
  async function* boxes(peek, start, end) {
    for (let at = start; at + 8 <= end; ) {
      const head = await peek.at(at, 8);
      const type = String.fromCharCode(...[4, 5, 6, 7].map((byte) => head.getUint8(byte)));
      let size = head.getUint32(0);
      let content = at + 8;
      if (size === 1) {
        const large = await peek.at(at + 8, 8);
        size = large.getUint32(0) * 2 ** 32 + large.getUint32(4);
        content += 8;
      } else if (size === 0) size = end - at;
      if (at + size < content) throw new RangeError();
      yield { type, at, start: content, end: Math.min(at + size, end) };
      at += size;
    }
  }

  /** Resolves to the first box down a path of types; undefined where there is none. */
  async function find(peek, { start, end }, [type, ...deeper]) {
    for await (const box of boxes(peek, start, end)) {
      if (box.type === type) return deeper.length ? find(peek, box, deeper) : box;
    }
    return undefined;
  }

  /** Resolves to a number of four bytes in a box, or more than one. */
  async function number(peek, box, offset, bytes = 4) {
    if (!box || box.start + offset + bytes > box.end) throw new RangeError();
    const view = await peek.at(box.start + offset, bytes);
    const value = view.getUint32(0);
    return bytes === 8 ? value * 2 ** 32 + view.getUint32(4) : value;
  }

  async function content(peek, start, length) {
    const { buffer, byteOffset } = await peek.at(start, length);
    return new Uint8Array(buffer, byteOffset, length).slice();
  }

  // --- the film's track ---

  const VIDE = 0x76696465;

  async function findTrack(peek, moov) {
    for await (const track of boxes(peek, moov.start, moov.end)) {
      if (track.type !== "trak") continue;
      const handler = await find(peek, track, ["mdia", "hdlr"]);
      if (handler && (await number(peek, handler, 8)) === VIDE) return track;
    }
    throw new RangeError();
  }

  /** How the picture is to be turned clockwise, in quarters: phones turn no pixels. */
  async function readTurn(peek, header) {
    const isLong = (await number(peek, header, 0)) >>> 24 === 1;
    const matrix = isLong ? 52 : 40;
    const cosine = (await number(peek, header, matrix)) | 0;
    const sine = (await number(peek, header, matrix + 4)) | 0;
    return (Math.round(Math.atan2(sine, cosine) / (Math.PI / 2)) + 4) % 4;
  }

  /** Resolves to what the decoder has to know, by the box that has it. */
  async function readRecord(peek, table) {
    const description = await find(peek, table, ["stsd"]);
    const size = await number(peek, description, 8);
    const [start, end] = [description.start + 16 + ENTRY, description.start + 8 + size];
    for await (const { type, ...box } of boxes(peek, start, Math.min(end, description.end))) {
      if (RECORDS.includes(type)) {
        return { kind: type, record: await content(peek, box.start, box.end - box.start) };
      }
    }
    throw new RangeError();
  }

  // --- its first picture ---

  /** Resolves to its [offset, length] by the track's tables. */
  async function locate(peek, table) {
    const [sync, sizes, chunks, largeChunks] = await all(peek, table, "stss stsz stco co64");
    // Without such a table every picture is whole. Hardly any film starts with another.
    if (sync && (await number(peek, sync, 8)) !== 1) throw new RangeError();
    const size = (await number(peek, sizes, 4)) || (await number(peek, sizes, 12));
    const offset = await (chunks ? number(peek, chunks, 8) : number(peek, largeChunks, 8, 8));
    return [offset, size];
  }

  /** The same of a film that was written while it was made, as browsers do. */
  async function locateInFragment(peek, moov, track) {
    const header = await find(peek, track, ["tkhd"]);
    const isLong = (await number(peek, header, 0)) >>> 24 === 1;
    const mine = await number(peek, header, isLong ? 20 : 12);
    const moof = await find(peek, { start: moov.end, end: peek.size }, ["moof"]);
    for await (const part of boxes(peek, moof.start, moof.end)) {
      if (part.type !== "traf") continue;
      const [head, run] = await all(peek, part, "tfhd trun");
      if ((await number(peek, head, 4)) === mine) return locateInRun(peek, moof, head, run);
    }
    throw new RangeError();
  }

  async function locateInRun(peek, moof, head, run) {
    const [has, hasInRun] = [await number(peek, head, 0), await number(peek, run, 0)];
    // Each field is there where its bit is set.
    const base = has & 1 ? await number(peek, head, 8, 8) : moof.at;
    const offset = hasInRun & 1 ? await number(peek, run, 8) : 0;
    if (hasInRun & 0x200) {
      const before = [1, 4, 0x100].filter((bit) => hasInRun & bit).length;
      return [base + offset, await number(peek, run, 8 + 4 * before)];
    }
    const before = [2, 8].filter((bit) => has & bit).length + (has & 1 ? 2 : 0);
    return [base + offset, await number(peek, head, 8 + 4 * before)];
  }

  async function all(peek, box, types) {
    const found = [];
    for (const type of types.split(" ")) found.push(await find(peek, box, [type]));
    return found;
  }

  /** Resolves to the first picture of a film, and to what decodes it; may reject. */
  async function readMp4(peek) {
    const moov = await find(peek, { start: 0, end: peek.size }, ["moov"]);
    const track = await findTrack(peek, moov);
    const table = await find(peek, track, ["mdia", "minf", "stbl"]);
    const record = await readRecord(peek, table);
    const turn = await readTurn(peek, await find(peek, track, ["tkhd"]));
    const sizes = await find(peek, table, ["stsz"]);
    const isWhole = (await number(peek, sizes, 8)) > 0;
    const [offset, length] = await (isWhole ? locate(peek, table) : locateInFragment(peek, moov, track));
    return { ...record, turn, data: await content(peek, offset, length) };
  }

  Object.assign(window.ChunkedUploads, { readMp4 });
})();
