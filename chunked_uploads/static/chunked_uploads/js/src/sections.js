"use strict";

/*
 * The groups of the list: the files of each folder, and those of none.
 */
(function () {
  const { Register } = window.ChunkedUploads;

  const SENDING = ["uploading", "checking"];
  const MOVING = [...SENDING, "finishing", "waiting"];
  const TAKEN = [...MOVING, "queued", "ready", "paused", "failed", "complete"];
  const PAGE = 50; // rows of one state that are shown at once

  /** The uploads of one folder, or those of none, and what of them is open. */
  class Section {
    constructor(name) {
      this.name = name;
      this.register = new Register();
      this.isOpen = true;
      this.shown = new Map(); // state -> how many rows of it
      this.last = 0;
      this.places = new Map(); // upload -> number, in the order in which they came
    }

    note(upload) {
      if (!this.places.has(upload)) this.places.set(upload, (this.last += 1));
      this.register.note(upload);
    }

    drop(upload) {
      this.places.delete(upload);
      this.register.drop(upload);
    }

    /** The uploads in any of these states, in the order in which they came. */
    list(...states) {
      const { places } = this;
      return this.register.list(...states).sort((one, other) => places.get(one) - places.get(other));
    }

    get isMoving() {
      return this.register.count(...MOVING) > 0;
    }

    /** How many files there are that were taken. */
    get count() {
      return this.register.count(...TAKEN);
    }

    /** Open where there is any upload in one of these states. */
    openWhere(...states) {
      if (this.register.count(...states)) this.isOpen = true;
    }

    open(state) {
      this.shown.set(state, (this.shown.get(state) || 0) + PAGE);
    }
  }

  /** The folder that was chosen or dropped, of a file in it. */
  function folderOf({ path }) {
    return path.includes("/") ? path.split("/", 1)[0] : "";
  }

  Object.assign(window.ChunkedUploads, { MOVING, PAGE, SENDING, Section, folderOf });
})();
