"use strict";

/*
 * What becomes of the files that a visitor brings: a row of their own, the file that
 * an unfinished upload misses, or a sentence that says why not.
 */
(function () {
  const { FileRefused, refusalOf } = window.ChunkedUploads;

  const AT_ONCE = 50; // rows that are made before the browser may draw

  class Choosing {
    constructor(uploader) {
      this.uploader = uploader;
      this.wanted = null; // the upload that a file is being chosen for
      this.guesses = new Map(); // upload -> the file that may be the one it misses
      this.ends = 0; // counts, so that who was adding before sees it
      this.holds = 0; // as `ends`: what is added from there on waits for its button
    }

    /** Ask the visitor for the file of one upload. */
    askFor(upload) {
      this.wanted = upload;
      this.choose();
    }

    choose() {
      this.uploader.view.find("input").click();
    }

    chooseFolder() {
      this.uploader.view.find("folder-input").click();
    }

    gallery() {
      this.choose();
    }

    camera() {
      this.uploader.view.find("camera-input").click();
    }

    continueWith(upload) {
      this.askFor(upload);
    }

    /** Nothing was chosen. */
    forget() {
      this.wanted = null;
    }

    /** Add no more of what is being added. */
    end() {
      this.ends += 1;
    }

    /** Don't start the rest of what is being added. */
    hold() {
      this.holds += 1;
    }

    /** Add a list of { file, path }; where the file is null, it could not be read. */
    async add(found) {
      const wanted = this.wanted;
      this.wanted = null;
      this.uploader.view.showError("");
      const files = this.noteUnread(found);
      // Where browsers don't tell that nothing was chosen, it may be long gone.
      if (wanted && wanted.state === "missing") this.addFor(wanted, files);
      else if (this.uploader.isSet("multiple")) await this.addAll(files);
      else if (files.length) this.addOnly(files);
    }

    /** Say which files could not be read; return the others. */
    noteUnread(found) {
      const names = found.filter(({ file }) => !file).map(({ path }) => path);
      if (names.length) this.uploader.note("unreadable", { names: names.slice(0, 3).join(", ") });
      return found.filter(({ file }) => file);
    }

    async addAll(files) {
      const before = this.uploader.queue.uploads.length;
      const { ends, holds } = this;
      for (let i = 0; i < files.length; i += 1) {
        if (i && i % AT_ONCE === 0) await moment();
        if (ends !== this.ends) break;
        this.addOne(files[i], holds === this.holds);
      }
      const count = this.uploader.queue.uploads.length - before;
      if (count > 1) this.uploader.view.speaking.sayAdded(count);
    }

    /** The file for a certain upload, which the visitor was asked for, among others. */
    addFor(upload, files) {
      const mine = files.find(({ file }) => isNamed(upload, file));
      const others = files.filter((each) => each !== mine);
      if (mine) this.attach(upload, mine, true);
      else if (others.length === 1) {
        const { texts } = this.uploader.view;
        const size = texts.format.bytes(upload.size);
        upload.fail(new FileRefused("other-file", { name: upload.name, size }));
        return;
      }
      this.addAll(others);
    }

    /** The only file: the one that is there gives way, if this one can be taken. */
    addOnly([origin, ...more]) {
      const { file } = origin;
      const there = this.uploader.uploads.filter(({ state, isCancelled }) => state !== "missing" && !isCancelled);
      if (more.length) this.uploader.note("one-file");
      if (there.some((upload) => isSame(upload, origin))) return;
      const refusal = this.refusalOf(file);
      if (refusal && there.length) {
        this.uploader.note(refusal.key, refusal.values);
        return;
      }
      // The new one first: whoever waits for the old ones goes on to wait for it.
      this.addOne(origin);
      there.forEach((upload) => (upload.isFinished ? this.uploader.remove(upload) : upload.cancel()));
    }

    addOne(origin, isToBegin = true) {
      const { file, path } = origin;
      const same = this.uploader.uploads.filter((upload) => isNamed(upload, file) && !upload.isCancelled);
      const missing = same.find(({ state }) => state === "missing");
      if (missing) {
        this.guesses.set(missing, origin);
        this.attach(missing, origin, false, isToBegin);
      } else if (same.some((upload) => !upload.isFinished && isSame(upload, origin))) {
        this.uploader.note("listed", { name: path || file.name });
      } else {
        this.uploader.addUpload(origin, isToBegin);
      }
    }

    attach(upload, origin, isConfirmed, isToBegin = true) {
      const isToStart = isToBegin && this.uploader.isSet("autoStart");
      upload.attach(origin, { isConfirmed, isToStart });
    }

    refusalOf(file) {
      return refusalOf(file, this.uploader.limits, this.uploader.view.texts.format);
    }

    /** A file that was not what an unfinished upload misses is one of its own. */
    check(upload) {
      const origin = this.guesses.get(upload);
      if (!origin) return;
      if (upload.source.isUnverified && !upload.isCancelled && upload.state !== "missing") return;
      this.guesses.delete(upload);
      if (upload.state === "missing") this.uploader.addUpload(origin);
    }
  }

  /** Let the browser draw, in a tab that nobody looks at too. */
  function moment() {
    return new Promise((resolve) => setTimeout(resolve));
  }

  // The server takes the spaces around a name away.
  function isNamed({ name, size }, file) {
    return name.trim() === file.name.trim() && size === file.size;
  }

  function isSame(upload, { file, path }) {
    const { lastModified } = upload.file || {};
    return isNamed(upload, file) && upload.path === path && lastModified === file.lastModified;
  }

  Object.assign(window.ChunkedUploads, { Choosing });
})();
