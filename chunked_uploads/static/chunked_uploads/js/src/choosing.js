"use strict";

/*
 * What becomes of the files that a visitor brings: a row of their own, the file that
 * an unfinished upload misses, or a sentence that says why not.
 */
(function () {
  const { FileRefused, Picking, describe, fileFrom, keyOf, refusalOf } = window.ChunkedUploads;
  const { withOwnName, withoutClutter } = window.ChunkedUploads;

  const AT_ONCE = 12; // milliseconds in which rows are made before the browser may draw

  class Choosing {
    constructor(uploader) {
      this.uploader = uploader;
      this.picking = new Picking(uploader);
      this.wanted = null; // the upload that a file is being chosen for
      this.guesses = new Map(); // upload -> the file that may be the one it misses
      this.ends = 0; // counts, so that who was adding before sees it
      this.holds = 0; // as `ends`: what is added from there on waits for its button
    }

    // --- asking the visitor ---

    /** Let the visitor choose files. */
    async choose() {
      const found = await this.picking.choose();
      if (!found) return;
      if (found.length) await this.addChosen(found);
      else this.forget();
    }

    chooseFolder() {
      this.picking.open("folder-input", []);
    }

    gallery() {
      this.picking.chooseMedia(false);
    }

    camera() {
      this.picking.chooseMedia(true);
    }

    /** Ask the visitor for the file of one upload. */
    async askFor(upload) {
      this.wanted = upload;
      await this.choose();
    }

    /** Go on with the file that the browser has a handle of; else ask for it. */
    async continueWith(upload) {
      const { handle } = upload;
      const file = await fileFrom(handle);
      if (upload.state !== "missing") return;
      if (file && isNamed(upload, file)) {
        if (this.mayGoOn(upload, { file })) this.attach(upload, { file, path: upload.path, handle }, true);
        return;
      }
      this.uploader.note("handle-lost", { name: upload.name });
      await this.askFor(upload);
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

    // --- what was brought ---

    /** What the camera made: phones give all its pictures the same name. */
    async addNew(found) {
      await this.addChosen(found.map((origin) => ({ ...origin, file: withOwnName(origin.file) })));
    }

    /** What the browser's dialogue gave: for the upload that it was opened for, if any. */
    async addChosen(found) {
      const { wanted } = this;
      this.wanted = null;
      if (wanted && wanted.state === "missing") this.addFor(wanted, this.filesOf(found));
      else await this.add(found);
    }

    /** Add a list of { file, path, handle }; where the file is null, it could not be read. */
    async add(found) {
      // Where browsers don't tell that nothing was chosen, that may be long ago.
      this.wanted = null;
      const files = this.filesOf(found);
      if (this.uploader.isSet("multiple")) await this.addAll(files);
      else if (files.length) await this.addOnly(files);
    }

    filesOf(found) {
      this.uploader.view.showError("");
      return this.noteUnread(withoutClutter(found));
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
      let began = performance.now();
      for (const file of files) {
        if (performance.now() - began > AT_ONCE) {
          await moment();
          began = performance.now();
        }
        if (ends !== this.ends) break;
        this.addOne(file, holds === this.holds);
      }
      const count = this.uploader.queue.uploads.length - before;
      if (count > 1) this.uploader.view.speaking.sayAdded(count);
    }

    /** The file for a certain upload, which the visitor was asked for, among others. */
    addFor(upload, files) {
      const mine = files.find(({ file }) => isNamed(upload, file));
      const others = files.filter((each) => each !== mine);
      if (mine) {
        if (this.mayGoOn(upload, mine)) this.attach(upload, mine, true);
      } else if (others.length === 1) {
        const { texts } = this.uploader.view;
        const size = texts.format.bytes(upload.size);
        upload.fail(new FileRefused("other-file", { name: upload.name, size }));
        return;
      }
      this.addAll(others);
    }

    /**
     * The only file: the one that is there gives way, if this one can be taken, and after
     * a question where much was sent of it.
     */
    async addOnly([origin, ...more]) {
      await this.replaceBy(origin);
      if (more.length) this.uploader.note("one-file");
    }

    async replaceBy(origin) {
      const same = this.there.find((upload) => upload.state !== "refused" && isSame(upload, origin));
      if (same) {
        if (same.isIdle) same.start();
        else if (!same.isGoing) this.uploader.note("listed", { name: same.name });
        return;
      }
      const refusal = this.refusalOf(origin.file);
      if (refusal && this.there.length) {
        this.tellRefusal(origin.file, refusal);
        return;
      }
      const { withdrawing } = this.uploader;
      if (withdrawing.isWorthAsking(this.there) && !(await withdrawing.ask(this.there))) return;
      // What was cancelled a moment ago makes room for good.
      withdrawing.settleNow();
      // The new one first: whoever waits for the old ones goes on to wait for it.
      const old = this.there;
      const upload = this.addOne(origin);
      if (!upload) return;
      if (upload.state === "refused" && old.length) {
        this.tellRefusal(upload, upload.failure);
        this.uploader.remove(upload);
        return;
      }
      old.forEach((each) => (each.isFinished ? this.uploader.remove(each) : each.cancel()));
    }

    /** What another file takes the place of, where there is room for one. */
    get there() {
      return this.uploader.uploads.filter(({ state, isCancelled }) => state !== "missing" && !isCancelled);
    }

    /** Whether another file would replace one. */
    get isFull() {
      return !this.uploader.isSet("multiple") && this.there.some(({ state }) => state !== "refused");
    }

    tellRefusal({ name }, refusal) {
      const { sentence } = describe(refusal, this.uploader.view.texts);
      this.uploader.note("was-not-taken", { name, reason: sentence });
    }

    /** Returns the upload that the file is of now; null where there is no new one. */
    addOne(origin, isToBegin = true) {
      const { file, path } = origin;
      const named = this.uploader.queue.named(file);
      const withdrawn = named.find((upload) => upload.goneOn && isSame(upload, origin));
      if (withdrawn) {
        this.uploader.withdrawing.reclaim(withdrawn);
        return withdrawn;
      }
      const same = named.filter(({ isCancelled }) => !isCancelled);
      const missing = same.find(({ state }) => state === "missing");
      if (missing) {
        if (!this.mayGoOn(missing, origin)) return null;
        this.guesses.set(missing, origin);
        this.attach(missing, origin, false, isToBegin);
        return missing;
      }
      if (same.some((upload) => !upload.isFinished && isSame(upload, origin))) {
        this.uploader.note("listed", { name: path || file.name });
        return null;
      }
      return this.uploader.addUpload(origin, isToBegin);
    }

    /** Whether an unfinished upload may go on with a file here; tells why not. */
    mayGoOn(missing, { file }) {
      const refusal = this.refusalOf(file);
      if (refusal) this.tellRefusal(file, refusal);
      return !refusal && this.uploader.isWanted(missing, file) && missing.state === "missing";
    }

    attach(upload, origin, isConfirmed, isToBegin = true) {
      const isToStart = isToBegin && this.uploader.isSet("autoStart");
      upload.attach(origin, { isConfirmed, isToStart });
    }

    /** Why a file that is not in the list is not taken; null where it is. */
    refusalOf(file) {
      const { limits, queue, view } = this.uploader;
      const refusal = refusalOf(file, limits, view.texts);
      // What was begun elsewhere, and has no file yet, takes nobody's place.
      const isFull = this.uploader.isSet("multiple") && queue.completeness.count >= limits.maxFiles;
      if (refusal || !isFull) return refusal;
      return new FileRefused("too-many", { count: view.texts.format.number(limits.maxFiles) });
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

  function isNamed(upload, file) {
    return keyOf(upload) === keyOf(file);
  }

  function isSame(upload, { file, path }) {
    const { lastModified } = upload.file || {};
    return isNamed(upload, file) && upload.path === path && lastModified === file.lastModified;
  }

  Object.assign(window.ChunkedUploads, { Choosing });
})();
