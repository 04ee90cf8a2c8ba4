"use strict";

/*
 * The first picture of a WebM or Matroska file, as it was encoded: RFC 8794 (EBML) and
 * RFC 9559.
 */
(function () {
  const ID = {
    tracks: 0x1654ae6b,
    entry: 0xae,
    number: 0xd7,
    type: 0x83,
    codec: 0x86,
    record: 0x63a2,
    simpleBlock: 0xa3,
    block: 0xa1,
  };
  // Segment, Cluster, Tracks, BlockGroup: what lies in them is read as if it lay beside them,
  // since the first two may not say where they end.
  const OPENED = new Set([0x18538067, 0x1f43b675, ID.tracks, 0xa0]);
  const KINDS = {
    V_VP8: "vp8",
    V_VP9: "vp9",
    V_AV1: "av1C",
    "V_MPEG4/ISO/AVC": "avcC",
    "V_MPEGH/ISO/HEVC": "hvcC",
  };
  const VIDEO = 1;

  /** A number of variable length at a place of the view: [value, bytes]. */
  function variable(view, at, keepsMarker) {
    const first = view.getUint8(at);
    const length = Math.clz32(first) - 23;
    let value = keepsMarker ? first : first & (0xff >> length);
    for (let i = 1; i < length; i += 1) value = value * 256 + view.getUint8(at + i);
    const isUnknown = !keepsMarker && value === 2 ** (7 * length) - 1;
    return [isUnknown ? Infinity : value, length];
  }

  async function* elements(peek, start, end) {
    for (let at = start; at < end; ) {
      const view = await peek.at(at, Math.min(16, end - at));
      const [id, idLength] = variable(view, 0, true);
      const [size, sizeLength] = variable(view, idLength, false);
      const content = at + idLength + sizeLength;
      yield { id, start: content, size };
      at = OPENED.has(id) ? content : content + size;
    }
  }

  async function bytes(peek, { start, size }) {
    const { buffer, byteOffset } = await peek.at(start, size);
    return new Uint8Array(buffer, byteOffset, size).slice();
  }

  /** Resolves to what a track's entry says, by the names above. */
  async function readEntry(peek, { start, size }) {
    const entry = {};
    for await (const element of elements(peek, start, start + size)) {
      const [name] = Object.entries(ID).find(([, id]) => id === element.id) || [];
      if (name) entry[name] = await bytes(peek, element);
    }
    return entry;
  }

  const last = (array) => array[array.length - 1];

  /** Resolves to the first picture of a film, and to what decodes it; may reject. */
  async function readMatroska(peek) {
    let film = null;
    for await (const element of elements(peek, 0, peek.size)) {
      const { id, start, size } = element;
      if (id === ID.entry) {
        const entry = await readEntry(peek, element);
        if (!film && last(entry.type) === VIDEO) film = entry;
      } else if (film && (id === ID.simpleBlock || id === ID.block)) {
        const head = await peek.at(start, Math.min(size, 12));
        const [track, length] = variable(head, 0, false);
        if (track !== last(film.number)) continue;
        const skipped = length + 3; // the time, and flags
        const data = await bytes(peek, { start: start + skipped, size: size - skipped });
        const kind = KINDS[String.fromCharCode(...film.codec).replace(/\0+$/, "")];
        return { kind, record: film.record, turn: 0, data };
      }
    }
    throw new RangeError();
  }

  Object.assign(window.ChunkedUploads, { readMatroska });
})();
