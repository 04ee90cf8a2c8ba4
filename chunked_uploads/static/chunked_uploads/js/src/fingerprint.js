"use strict";

/*
 * A file's fingerprint, from its content, without reading all of it.
 *
 * SHA-256, as 64 hexadecimal digits, over the size in bytes (decimal ASCII, then
 * a newline) and 32 samples of 32 KiB: the first one at the start, the last one at
 * the end, the others evenly between; a file of at most 1 MiB is taken whole. Two
 * files of one name and size are told apart unless they differ only where nothing
 * is read.
 *
 * Browsers give crypto.subtle to secure contexts only. Over plain HTTP the same
 * digest is computed here, in script, so that an upload that was begun over HTTP
 * goes on over HTTPS.
 */
(function () {
  const SAMPLES = 32;
  const SAMPLE_SIZE = 32 * 1024; // bytes

  function sampleOf(file) {
    const last = file.size - SAMPLE_SIZE;
    const starts = Array.from({ length: SAMPLES }, (_, i) =>
      Math.floor((i * last) / (SAMPLES - 1)),
    );
    return new Blob(starts.map((start) => file.slice(start, start + SAMPLE_SIZE)));
  }

  function bytesOf(blob) {
    if (blob.arrayBuffer) return blob.arrayBuffer();
    return new Response(blob).arrayBuffer(); // Safari before 14
  }

  /**
   * Resolves to the `fingerprint` and, of a small file, all of its `bytes`, so that
   * nobody reads it again; rejects when the file cannot be read.
   */
  async function look(file) {
    const isSmall = file.size <= SAMPLES * SAMPLE_SIZE;
    const head = new TextEncoder().encode(`${file.size}\n`);
    const read = new Uint8Array(await bytesOf(isSmall ? file : sampleOf(file)));
    const all = new Uint8Array(head.length + read.length);
    all.set(head);
    all.set(read, head.length);
    return { fingerprint: await hexDigestOf(all), bytes: isSmall ? read : null };
  }

  async function hexDigestOf(bytes) {
    const digest =
      window.crypto && window.crypto.subtle
        ? new Uint8Array(await window.crypto.subtle.digest("SHA-256", bytes))
        : sha256(bytes);
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // FIPS 180-4, section 4.2.2: the first 32 bits of the fractional parts of the
  // roots of the first 64 primes.
  const PRIMES = (function () {
    const primes = [];
    for (let n = 2; primes.length < 64; n += 1) {
      if (primes.every((prime) => n % prime)) primes.push(n);
    }
    return primes;
  })();
  const fraction = (root) => ((root % 1) * 2 ** 32) | 0;
  const ROUND_CONSTANTS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
  const rotate = (word, bits) => (word >>> bits) | (word << (32 - bits));

  // Section 5.1.1: a 1 bit, zeros, the length in bits as 64 bits.
  function padded(bytes) {
    const result = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
    result.set(bytes);
    result[bytes.length] = 0x80;
    const view = new DataView(result.buffer);
    view.setUint32(result.length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(result.length - 4, bytes.length * 8);
    return view;
  }

  // Section 6.2.2.
  function addBlock(state, view, start, schedule) {
    for (let t = 0; t < 64; t += 1) {
      if (t < 16) {
        schedule[t] = view.getInt32(start + t * 4);
        continue;
      }
      const w15 = schedule[t - 15];
      const w2 = schedule[t - 2];
      const sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
      const sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
      schedule[t] = schedule[t - 16] + sigma0 + schedule[t - 7] + sigma1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t += 1) {
      const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const choice = (e & f) ^ (~e & g);
      const first = (h + sum1 + choice + ROUND_CONSTANTS[t] + schedule[t]) | 0;
      const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + sum0 + majority) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] += word));
  }

  function sha256(bytes) {
    const state = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
    const schedule = new Int32Array(64);
    const view = padded(bytes);
    for (let start = 0; start < view.byteLength; start += 64) {
      addBlock(state, view, start, schedule);
    }
    const digest = new DataView(new ArrayBuffer(32));
    state.forEach((word, i) => digest.setInt32(i * 4, word));
    return new Uint8Array(digest.buffer);
  }

  window.ChunkedUploads = Object.assign(window.ChunkedUploads || {}, { look });
})();
