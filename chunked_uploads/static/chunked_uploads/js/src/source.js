"use strict";

/*
 * The visitor's file of one upload: what it was when it was first looked at, and
 * whether it is the one that the server has a part of.
 */
(function () {
  const { FileChanged, look } = window.ChunkedUploads;

  function randomDigits() {
    const [number] = window.crypto.getRandomValues(new Uint32Array(1));
    return number.toString(16).padStart(8, "0");
  }

  class Source {
    /** `file` is null where it is missing: the server knows it, and the page does not. */
    constructor(file, path, handle = null) {
      this.file = file;
      this.handle = handle; // by which the browser may give the file again
      this.path = path; // in a chosen or dropped folder
      this.isUnverified = file === null; // it may not be the one that the server knows
      this.isConfirmed = false; // by the visitor
      this.content = null; // the fingerprint of the file's content
      this.bytes = null; // of a small file, as they were looked at last
      this.salt = ""; // tells it from another file of the same fingerprint
    }

    /** By which the server knows the file's content; null before the first check. */
    get fingerprint() {
      const { content, salt } = this;
      return content && content.slice(0, content.length - salt.length) + salt;
    }

    /** The visitor gave a file, and perhaps said that it is the one that is missing. */
    replace({ file, path = "", handle = null }, isConfirmed) {
      this.file = file;
      this.path = path;
      this.handle = handle;
      this.isConfirmed = isConfirmed;
    }

    /** The file is not the one that the server knows, or cannot be read any more. */
    lose() {
      this.file = this.handle = null;
      this.isUnverified = true;
    }

    /** The server was asked, and what it has is of this file. */
    verify() {
      this.isUnverified = false;
    }

    /** The server has another file of the same fingerprint. */
    addSalt() {
      this.salt = randomDigits();
    }

    /** Keep nothing of a file that is not about to be sent. */
    dropBytes() {
      this.bytes = null;
    }

    /** All bytes of a small file that was just looked at, once; else null. */
    takeBytes() {
      const { bytes } = this;
      this.bytes = null;
      return bytes;
    }

    /** Compare the file with what it was; rejects with FileChanged. */
    async check() {
      let current;
      try {
        ({ fingerprint: current, bytes: this.bytes } = await look(this.file));
      } catch (error) {
        throw new FileChanged(error.message);
      }
      const isOther = this.content !== null && this.content !== current;
      if (isOther && !this.isUnverified) throw new FileChanged();
      this.content = current;
    }
  }

  Object.assign(window.ChunkedUploads, { Source });
})();
