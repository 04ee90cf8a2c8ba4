"use strict";

/*
 * A small bitmap of a large image. What would need too much memory is found out first, by
 * the size in the file's head.
 */
(function () {
  const { Peek } = window.ChunkedUploads;

  const SIDE = 160; // pixels of the shorter side, twice the canvas': it is made smaller once more
  const MAX_BYTES = 100 * 1000 * 1000; // of the file
  const MAX_PIXELS = 64 * 1000 * 1000; // four bytes each, while one image is decoded
  const MAX_RATIO = 20;
  const HEAD = 32; // bytes

  const PNG = 0x89504e47;
  const GIF = 0x47494638;
  const RIFF = 0x52494646;
  const JPEG = 0xffd8;
  const BMP = 0x424d;
  const FTYP = 0x66747970;
  const ISPE = 0x69737065;

  /** Resolves to an image's [width, height]; rejects where it is of no known format. */
  async function measure(peek) {
    const head = await peek.at(0, HEAD);
    const magic = head.getUint32(0);
    if (magic === PNG) return [head.getUint32(16), head.getUint32(20)];
    if (magic === GIF) return [head.getUint16(6, true), head.getUint16(8, true)];
    if (magic === RIFF) return measureWebp(head);
    if (magic >>> 16 === JPEG) return measureJpeg(peek);
    if (magic >>> 16 === BMP) {
      return [head.getInt32(18, true), Math.abs(head.getInt32(22, true))];
    }
    if (head.getUint32(4) === FTYP) return measureHeif(peek);
    throw new RangeError();
  }

  // RFC 9649, section 2.
  function measureWebp(head) {
    const kind = String.fromCharCode(head.getUint8(14), head.getUint8(15));
    if (kind === "8 ") {
      return [head.getUint16(26, true) & 0x3fff, head.getUint16(28, true) & 0x3fff];
    }
    if (kind === "8L") {
      const bits = head.getUint32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    return [24, 27].map((at) => head.getUint16(at, true) + (head.getUint8(at + 2) << 16) + 1);
  }

  // The size stands in the start of the frame, behind metadata of any length.
  async function measureJpeg(peek) {
    for (let at = 2; ; ) {
      const segment = await peek.at(at, 9);
      const marker = segment.getUint16(0);
      if (marker < 0xff00) throw new RangeError();
      const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
      if (isFrame) return [segment.getUint16(7), segment.getUint16(5)];
      at += marker === 0xffff ? 1 : 2 + segment.getUint16(2);
    }
  }

  // HEIC and AVIF tell the size of each of their images; the largest is what counts.
  async function measureHeif(peek) {
    const view = await peek.at(0, Math.min(peek.size, 64 * 1024));
    let largest = [0, 0];
    for (let at = 0; at + 16 <= view.byteLength; at += 1) {
      if (view.getUint32(at) !== ISPE) continue;
      const size = [view.getUint32(at + 8), view.getUint32(at + 12)];
      if (size[0] * size[1] > largest[0] * largest[1]) largest = size;
    }
    return largest;
  }

  /** Resolves to a small bitmap of a picture of that size, upright as the camera was held. */
  function shrinkBy(picture, width, height) {
    const short = Math.min(width, height);
    const fits = short > 0 && width * height <= MAX_PIXELS && width + height <= short * MAX_RATIO;
    if (!fits) throw new RangeError();
    // Given both sides, browsers would keep to each.
    const side = width < height ? "resizeWidth" : "resizeHeight";
    return createImageBitmap(picture, { [side]: Math.min(short, SIDE), resizeQuality: "medium" });
  }

  /** The same of a file; rejects where it shows nothing, or too much. */
  async function shrink(file) {
    const [width, height] = await measure(new Peek(file));
    if (file.size > MAX_BYTES) throw new RangeError();
    return shrinkBy(file, width, height);
  }

  Object.assign(window.ChunkedUploads, { shrink, shrinkBy });
})();
