"use strict";

/*
 * A few places of a file, however large it is: enough to learn what it shows.
 */
(function () {
  const WINDOW = 16 * 1024; // bytes that are read at least
  const MAX_BYTES = 8 * 1024 * 1024; // of one file
  const MAX_LOOKS = 2000; // so that no crafted file keeps the page busy

  /** One look at a time: the next is for who has seen the one before. */
  class Peek {
    constructor(file) {
      this.file = file;
      this.size = file.size;
      this.bytes = 0; // read so far
      this.looks = 0;
      this.start = 0; // of the part that was read last
      this.part = new ArrayBuffer(0);
    }

    /** Resolves to a DataView of these bytes; rejects where there are fewer, or past the limits. */
    async at(start, length) {
      this.looks += 1;
      const isWithin = start >= 0 && length >= 0 && start + length <= this.size;
      if (!isWithin || this.looks > MAX_LOOKS) throw new RangeError();
      if (start < this.start || start + length > this.start + this.part.byteLength) {
        await this.read(start, Math.max(length, WINDOW));
      }
      return new DataView(this.part, start - this.start, length);
    }

    async read(start, length) {
      this.bytes += length;
      if (this.bytes > MAX_BYTES) throw new RangeError();
      this.part = await this.file.slice(start, start + length).arrayBuffer();
      this.start = start;
    }
  }

  window.ChunkedUploads = Object.assign(window.ChunkedUploads || {}, { Peek });
})();
