"use strict";

/*
 * The first picture of a film, decoded by WebCodecs: a <video> would need a blob: URL, which
 * strict policies forbid, and would hold on to the whole file.
 */
(function () {
  const { Peek, readMatroska, readMp4 } = window.ChunkedUploads;

  const EBML = 0x1a45dfa3;
  const PATIENCE = 10000; // milliseconds

  const hex = (byte) => byte.toString(16).padStart(2, "0");
  const two = (number) => String(number).padStart(2, "0");

  // What each codec's record says, as WebCodecs wants to hear it (RFC 6381 and its likes).
  const CODECS = {
    avcC: (record) => `avc1.${[...record.subarray(1, 4)].map(hex).join("")}`,
    hvcC: hevc,
    vpcC: ([, , , , profile, level, depth]) => `vp09.${two(profile)}.${two(level || 10)}.${two(depth >> 4)}`,
    av1C: ([, profile, depth]) => {
      const bits = depth & 0x40 ? (depth & 0x20 ? 12 : 10) : 8;
      const level = two(profile & 31) + (depth & 0x80 ? "H" : "M");
      return `av01.${profile >> 5}.${level}.${two(bits)}`;
    },
    vp8: () => "vp8",
    vp9: () => "vp09.00.10.08",
  };

  // ISO/IEC 14496-15, annex E.3.
  function hevc(record) {
    const [, profile, ...rest] = record;
    // The flags are read from their other end.
    const flags = rest.slice(0, 4).map((byte) => byte.toString(2).padStart(8, "0")).join("");
    const compatible = parseInt([...flags].reverse().join(""), 2).toString(16);
    const constraints = rest.slice(4, 10).map((byte) => byte.toString(16));
    while (constraints[constraints.length - 1] === "0") constraints.pop();
    const space = ["", "A", "B", "C"][profile >> 6];
    const level = (profile & 0x20 ? "H" : "L") + rest[10];
    return ["hvc1", space + (profile & 31), compatible, level, ...constraints].join(".");
  }

  /** What a decoder is configured with for a picture that was read. */
  function configOf({ kind, record }) {
    const config = { codec: CODECS[kind](record), optimizeForLatency: true };
    if (kind === "avcC" || kind === "hvcC") config.description = record;
    return config;
  }

  function decode(config, data) {
    return new Promise((resolve, reject) => {
      // Some decoders of devices never answer.
      const timer = setTimeout(end, PATIENCE);
      const decoder = new VideoDecoder({ output: resolve, error: end });
      function end(error) {
        clearTimeout(timer);
        if (decoder.state !== "closed") decoder.close();
        reject(error);
      }
      decoder.configure(config);
      decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: 0, data }));
      decoder.flush().then(end, end);
    });
  }

  /** Resolves to { frame, turn } of a film: a VideoFrame, and quarters to turn it by. */
  async function firstFrame(file) {
    const peek = new Peek(file);
    const isMatroska = (await peek.at(0, 4)).getUint32(0) === EBML;
    const { data, turn, ...codec } = await (isMatroska ? readMatroska : readMp4)(peek);
    const config = configOf(codec);
    const { supported } = await VideoDecoder.isConfigSupported(config);
    if (!supported) throw new RangeError();
    return { frame: await decode(config, data), turn };
  }

  Object.assign(window.ChunkedUploads, { configOf, firstFrame });
})();
