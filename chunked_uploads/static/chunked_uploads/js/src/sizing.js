"use strict";

/*
 * How large chunks may be on this line, by what the last ones took: from small ones on,
 * so that none of them takes too long.
 */
(function () {
  const { SMALLEST_CHUNK } = window.ChunkedUploads;

  const KIB = 1024;
  // While nobody knows the line, and of a larger file always: so that a refusal comes
  // before much was sent in vain.
  const FIRST_CHUNK = 128 * KIB; // bytes
  const SLOW = 8 * KIB; // bytes per second; few lines are slower
  // Seconds for a chunk: half of what none shall take, since lines change. Some proxies
  // cut a request after 30, and others lose what they have of one that is cut.
  const LONGEST = 10;
  const GROWTH = 4; // times, from one chunk to the next

  class ChunkSizer {
    constructor() {
      this.largest = FIRST_CHUNK; // bytes
      this.speed = SLOW; // bytes per second, of one chunk among those in flight
      this.inFlight = 0; // chunks, of all files
      this.lineSpeed = SLOW; // bytes per second, of all of them together
    }

    noteStart() {
      this.inFlight += 1;
    }

    noteEnd() {
      this.inFlight -= 1;
    }

    /** A chunk arrived, beside those in flight. */
    noteSuccess(bytes, seconds) {
      const speed = bytes / Math.max(seconds, 0.001);
      // Of a small one the way took longer than its bytes.
      if (bytes >= SMALLEST_CHUNK) {
        this.speed = speed;
        this.lineSpeed = speed * (this.inFlight + 1);
      }
      const fitting = Math.min(speed * LONGEST, this.largest * GROWTH);
      if (seconds > LONGEST) this.limit(fitting);
      else this.largest = Math.max(this.largest, rounded(fitting));
    }

    /** A cut chunk may be lost as a whole where a proxy collects it first. */
    noteCut(bytes) {
      this.limit(bytes / 2);
    }

    /** Others write there, perhaps for a while: no large body is to learn that each time. */
    noteBusy() {
      this.limit(SMALLEST_CHUNK);
    }

    limit(bytes) {
      this.largest = rounded(Math.min(bytes, this.largest));
    }
  }

  function rounded(bytes) {
    return Math.max(1, Math.floor(bytes / SMALLEST_CHUNK)) * SMALLEST_CHUNK;
  }

  Object.assign(window.ChunkedUploads, { ChunkSizer, FIRST_CHUNK });
})();
