"use strict";

/*
 * One uploader: brings together visitor, queue, view and the page around it.
 * docs/page.md says what a page may rely on.
 */
(function () {
  const { ChunkSizer, Choosing, Digests, Notices, Pictures, Queue } = window.ChunkedUploads;
  const { Server, Upload, View, Visitor, Withdrawing, describe } = window.ChunkedUploads;
  const { fromList, isWorthRetrying, keepShown, lookElsewhere } = window.ChunkedUploads;
  const { notification, optionsOf, recallHandle, siteOf } = window.ChunkedUploads;

  const TICK = 500; // milliseconds
  // Those of the page. A page that brings the scripts twice has two copies of them.
  const uploaders = window.ChunkedUploads.uploaders || new Set();

  class Uploader {
    /**
     * `send` hands settings to jQuery File Upload and returns its request; `endpoints` take
     * the place of what the root's attributes say.
     */
    constructor(root, send, endpoints = {}) {
      this.root = root;
      this.options = optionsOf(root);
      this.server = new Server(siteOf(root), endpoints);
      const { digestWorker, digests } = root.dataset;
      this.digests = new Digests(this.isSet("digests") ? digestWorker : "", digests === "always");
      this.ticker = null; // while anything runs
      this.queue = new Queue({
        files: this.options.filesInFlight,
        ranges: this.options.rangesInFlight,
        everywhere: () => [...uploaders].map(({ queue }) => queue),
      });
      this.transport = {
        send,
        digests: this.digests,
        sizer: new ChunkSizer(),
        options: this.options,
        maxInFlight: () => this.queue.maxInFlight(),
      };
      this.view = new View(root, {
        limits: this.limits,
        notification,
        pictures: new Pictures(root.dataset.pictureWorker),
        queue: this.queue,
      });
      this.notices = new Notices(root, this.view.texts);
      this.withdrawing = new Withdrawing(this.view);
      this.choosing = new Choosing(this);
      this.visitor = new Visitor(this);
      this.askBeforeLeaving = this.askBeforeLeaving.bind(this);
      uploaders.add(this);
      this.showLogin(Boolean(root.dataset.loginUrl));
      if (this.isSet("showUnfinished")) this.showUnfinished();
    }

    isSet(name) {
      return this.root.dataset[name] !== "false";
    }

    // --- what a page may call ---

    /** All uploads of the list, in the order in which they came. */
    get uploads() {
      return this.queue.uploads;
    }

    /** What is taken: `{ maxSize, maxFiles, accept }`, bytes and tokens of a file input. */
    get limits() {
      return this.server.limits;
    }

    /** Put files into the list. Resolves when the last one is in it. */
    async add(files) {
      await this.choosing.add(fromList(files));
    }

    startAll() {
      this.each(["ready"], (upload) => upload.start());
    }

    resumeAll() {
      this.each(["paused"], (upload) => this.go(upload, "resume"));
      this.retryFailed();
    }

    /** Try those again that failed, where that can help. */
    retryFailed() {
      this.each(["failed"], (upload) => {
        if (isWorthRetrying(upload.failure)) this.go(upload, "retry");
      });
    }

    pauseAll() {
      this.choosing.hold();
      this.queue.waitingFirst.forEach((upload) => upload.pause());
    }

    /** Cancel all that are not finished, but for those that wait for their files. */
    cancelAll() {
      this.choosing.end();
      this.cancelable.forEach((upload) => upload.cancel());
    }

    /** The same, as a visitor does it: asked for where much is lost, or with a way back. */
    async withdrawAll() {
      const isAsked = this.withdrawing.isWorthAsking(this.cancelable);
      if (!isAsked) this.choosing.end();
      if ((await this.withdrawing.withdraw(this.cancelable)) && isAsked) this.cancelAll();
    }

    get cancelable() {
      return this.queue.waitingFirst.filter(({ isFinished, state }) => !isFinished && state !== "missing");
    }

    /** Take from the list what is finished or was refused. */
    clear() {
      this.each(["complete", "refused"], (upload) => this.remove(upload));
    }

    /**
     * Show a file that is there already: `name`, `size` in bytes or null, `url`; with
     * `isFixed` it can be replaced, and not removed. To the page it is no news.
     */
    addFinished(finished) {
      const upload = this.make({ finished });
      this.queue.add(upload);
      this.queue.note(upload);
      this.view.note(upload);
      return upload;
    }

    /** The page goes: what outlives it, and what the next page shall know. */
    goAway() {
      this.withdrawing.settleInHaste();
      keepShown(uploadsOfPage());
    }

    /** Stop, since the partial was taken out of the page; the server keeps its bytes. */
    leave() {
      uploaders.delete(this);
      this.choosing.end();
      this.pauseAll();
      this.visitor.leave();
      this.view.end();
      this.digests.end();
      lookElsewhere();
    }

    each(states, act) {
      this.uploads.filter(({ state }) => states.includes(state)).forEach(act);
    }

    // --- what comes in ---

    go(upload, action) {
      if (action !== "start") this.notices.dispatch("resume", upload);
      upload.start();
    }

    /**
     * Make an upload of a file, or of what the server knows of one; null where the page
     * does not want it.
     */
    addUpload(origin, isToBegin = true) {
      const upload = this.make(origin);
      const refusal = origin.file && this.choosing.refusalOf(origin.file);
      // The page's own rules come after those of the uploader.
      if (origin.file && !refusal && !this.isWanted(upload)) return null;
      this.show(upload);
      if (refusal) upload.refuse(refusal);
      else if (upload.state === "refused" || !origin.file) this.handle(upload, "state");
      else if (isToBegin && this.isSet("autoStart")) upload.start();
      else this.handle(upload, "state");
      return upload;
    }

    /** Whether the page wants the upload of a file. */
    isWanted(upload, file = upload.file) {
      return this.notices.dispatch("add", upload, { file }, { cancelable: true });
    }

    make(origin) {
      const upload = new Upload(origin, {
        server: this.server,
        transport: this.transport,
        others: () => uploadsOfPage().filter((each) => each !== upload),
        report: (change) => this.handle(upload, change),
        chunkSize: this.options.chunkSize,
      });
      return upload;
    }

    show(upload) {
      this.queue.add(upload);
      this.view.note(upload);
    }

    /** Put what the server has of the caller's into the list; none where it fails. */
    async showUnfinished() {
      let listed;
      try {
        listed = await this.server.unfinished(new AbortController().signal);
      } catch (failure) {
        // The network is away, and choosing a file finds it; or nobody is logged in.
        this.showLogin(failure.status === 401);
        return;
      }
      const handles = await Promise.all(listed.map(recallHandle));
      // A file that was chosen meanwhile finds what the server has of it by itself.
      const isHere = ({ name, total_size, upload_uuid }) =>
        [...uploaders].some(({ queue }) => {
          const named = queue.named({ name, size: total_size });
          // Of a size that nobody said, there may be several of one name.
          const isIt = ({ known }) => known && known.upload_uuid === upload_uuid;
          return total_size === null ? named.some(isIt) : named.length;
        });
      listed.forEach((known, i) => {
        if (!isHere(known)) this.addUpload({ known, handle: handles[i] });
      });
    }

    note(key, values) {
      this.view.tell(this.view.texts.text(key, values));
    }

    remove(upload) {
      if (!this.queue.has(upload)) return;
      this.removeFromList(upload);
      this.notices.dispatch("remove", upload);
    }

    removeFromList(upload) {
      this.queue.remove(upload);
      this.view.remove(upload);
    }

    // --- what changes ---

    /** Show and dispatch what changed of an upload: its "state" or "progress". */
    handle(upload, change) {
      const { queue, view } = this;
      if (!queue.has(upload)) return;
      if (change === "progress") {
        queue.noteSent(upload);
        view.showProgress(upload);
        if (upload.isRunning) this.notices.dispatch("progress", upload);
        return;
      }
      queue.note(upload);
      view.note(upload);
      if (upload.state === "cancelled") this.removeCancelled(upload);
      this.choosing.check(upload);
      view.speaking.announceState(upload, queue);
      this.tellRefusal(upload);
      this.tellLogin(upload);
      this.notices.reportState(upload);
      // A twin of another uploader may have waited for this one.
      uploaders.forEach((each) => each.queue.startNext());
      this.announceEnd(upload);
      this.watch(queue.isRunning);
    }

    announceEnd({ isGoing, isCancelled }) {
      if (isGoing || isCancelled || this.queue.isGoing) return;
      const total = this.queue.total();
      if (!total.isResting) this.view.speaking.announceEnd(total);
    }

    /** In a form the field says why a file was not taken. */
    tellRefusal({ failure, name, state }) {
      const { texts } = this.view;
      if (!this.view.isCompact || state !== "refused") return;
      const { sentence } = describe(failure, texts);
      this.view.showError(texts.text("was-not-taken", { name, reason: sentence }));
    }

    tellLogin({ failure, state }) {
      if (state === "waiting") this.showLogin(failure.status === 401);
      else if (state === "uploading") this.showLogin(false);
    }

    /** Say that nobody is logged in, where that is what bars the visitor. */
    showLogin(isMissing) {
      this.view.showLogin(isMissing && this.server.goesByLogin);
    }

    removeCancelled(upload) {
      this.removeFromList(upload);
      const { failure, isKept, name } = upload;
      if (failure) this.note("cancelled-here", { name });
      else if (isKept) this.note("cancelled-late", { name });
    }

    /** Ask before the page is left, and keep the clock going, while anything runs. */
    watch(isRunning) {
      if (isRunning === Boolean(this.ticker)) return;
      const act = isRunning ? "addEventListener" : "removeEventListener";
      window[act]("beforeunload", this.askBeforeLeaving);
      clearInterval(this.ticker);
      this.ticker = isRunning ? setInterval(() => this.tick(), TICK) : null;
      if (!isRunning) this.notices.dispatch("idle", null);
    }

    tick() {
      this.queue.running.forEach((upload) => {
        upload.tick();
        this.view.showProgress(upload);
      });
    }

    askBeforeLeaving(event) {
      event.preventDefault();
      event.returnValue = ""; // what older browsers wait for
    }
  }

  function uploadsOfPage() {
    return [...uploaders].flatMap(({ queue }) => queue.uploads);
  }

  Object.assign(window.ChunkedUploads, { Uploader, uploaders });
})();
