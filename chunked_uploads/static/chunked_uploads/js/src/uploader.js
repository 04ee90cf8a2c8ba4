"use strict";

/*
 * One uploader: brings together visitor, queue, view and the page around it.
 * docs/page.md says what a page may rely on.
 */
(function () {
  const { ChunkSizer, Choosing, Digests, Notices, Queue } = window.ChunkedUploads;
  const { Server, Upload, View } = window.ChunkedUploads;
  const { fromList, keepShown, listen, optionsOf, siteOf } = window.ChunkedUploads;

  const TICK = 500; // milliseconds
  // Those of the page. A page that brings the scripts twice has two copies of them.
  const uploaders = window.ChunkedUploads.uploaders || new Set();

  class Uploader {
    /** `send` hands settings to jQuery File Upload and returns its request. */
    constructor(root, send) {
      this.root = root;
      this.options = optionsOf(root);
      this.server = new Server(siteOf(root));
      this.digests = new Digests(this.isSet("digests") ? root.dataset.digestWorker : "");
      this.ticker = null; // while anything runs
      this.queue = new Queue({
        files: this.options.filesInFlight,
        ranges: this.options.rangesInFlight,
        everywhere: uploadsOfPage,
      });
      this.transport = {
        send,
        digests: this.digests,
        sizer: new ChunkSizer(),
        options: this.options,
        maxInFlight: () => this.queue.maxInFlight(),
      };
      this.view = new View(root, this.server.limits);
      this.notices = new Notices(root, this.view.texts);
      this.input = this.view.find("input");
      this.choosing = new Choosing(this);
      this.listening = new AbortController();
      this.askBeforeLeaving = this.askBeforeLeaving.bind(this);
      this.listenToVisitor();
      uploaders.add(this);
      if (this.isSet("showUnfinished")) this.showUnfinished();
    }

    isSet(name) {
      return this.root.dataset[name] !== "false";
    }

    // --- what a page may call ---

    /** All uploads of the list, in its order. */
    get uploads() {
      return [...this.queue.uploads];
    }

    /** Put files into the list. Resolves when the last one is in it. */
    async add(files) {
      await this.choosing.add(fromList(files));
    }

    startAll() {
      this.each(["ready"], (upload) => upload.start());
    }

    resumeAll() {
      this.each(["paused", "failed"], (upload) => this.go(upload, "resume"));
    }

    pauseAll() {
      this.choosing.hold();
      this.queue.waitingFirst.forEach((upload) => upload.pause());
    }

    /** Cancel all that are not finished, but for those that wait for their files. */
    cancelAll() {
      this.choosing.end();
      const uploads = this.queue.waitingFirst.filter(({ state }) => state !== "missing");
      uploads.forEach((upload) => upload.cancel());
    }

    /** Take from the list what is finished or was refused. */
    clear() {
      this.each(["complete", "refused"], (upload) => this.remove(upload));
    }

    /** Stop, since the partial was taken out of the page; the server keeps its bytes. */
    leave() {
      uploaders.delete(this);
      this.choosing.end();
      this.pauseAll();
      this.listening.abort();
      this.view.end();
      this.digests.end();
    }

    each(states, act) {
      this.uploads.filter(({ state }) => states.includes(state)).forEach(act);
    }

    // --- what comes in ---

    listenToVisitor() {
      const { root, view } = this;
      const { signal } = this.listening;
      root.querySelectorAll("input[type=file]").forEach((input) => {
        input.addEventListener("change", () => {
          const files = fromList(input.files);
          input.value = ""; // so that the same file can be chosen again
          this.choosing.add(files);
        }, { signal });
      });
      this.input.addEventListener("cancel", () => this.choosing.forget(), { signal });
      listen(root, {
        add: (files) => this.choosing.add(files),
        showDrag: (where) => view.showDrag(where),
        signal,
      });
      const press = (event) => {
        const button = event.target.closest("[data-action]");
        // The second click of a double click would meet the button that came next.
        if (button && event.detail < 2) this.act(button);
      };
      root.addEventListener("click", press, { signal });
      const wake = () => this.uploads.forEach((upload) => upload.wake());
      window.addEventListener("online", wake, { signal });
      window.addEventListener("pagehide", () => keepShown(uploadsOfPage()), { signal });
      window.addEventListener("focus", wake, { signal });
    }

    act(button) {
      const upload = this.view.uploadOf(button.closest(".chunked-uploads-row"));
      const { action } = button.dataset;
      if (!upload) this[action]();
      else if (action === "choose") this.choosing.askFor(upload);
      else if (action === "remove") this.remove(upload);
      else if (action === "pause" || action === "cancel") upload[action]();
      else this.go(upload, action);
    }

    go(upload, action) {
      if (action !== "start") this.notices.dispatch("resume", upload);
      upload.start();
    }

    /** Make an upload of a file, or of what the server knows of one. */
    addUpload(origin, isToBegin = true) {
      const upload = new Upload(origin, {
        server: this.server,
        transport: this.transport,
        others: () => uploadsOfPage().filter((each) => each !== upload),
        report: (change) => this.handle(upload, change),
        chunkSize: this.options.chunkSize,
      });
      this.queue.add(upload);
      this.view.add(upload);
      const refusal = origin.file && this.choosing.refusalOf(origin.file);
      if (refusal) upload.refuse(refusal);
      else if (origin.file && isToBegin && this.isSet("autoStart")) upload.start();
      else this.handle(upload, "state");
    }

    /** Put what the server has of the caller's into the list; none where it fails. */
    async showUnfinished() {
      let listed;
      try {
        listed = await this.server.unfinished(new AbortController().signal);
      } catch (failure) {
        return; // nobody is logged in, or the network is away: choosing a file finds it
      }
      // A file that was chosen meanwhile finds what the server has of it by itself.
      const isHere = ({ name, total_size }) =>
        uploadsOfPage().some((upload) => upload.name === name && upload.size === total_size);
      listed.filter((known) => !isHere(known)).forEach((known) => this.addUpload({ known }));
    }

    note(key, values) {
      this.view.note(this.view.texts.text(key, values));
    }

    remove(upload) {
      this.removeFromList(upload);
      this.notices.dispatch("remove", upload);
    }

    removeFromList(upload) {
      this.queue.remove(upload);
      this.view.remove(upload);
      this.view.renderTotalSoon(this.queue);
    }

    // --- what changes ---

    /** Show and dispatch what changed of an upload: its "state" or "progress". */
    handle(upload, change) {
      const { queue, view } = this;
      if (!queue.uploads.includes(upload)) return;
      if (change === "progress") {
        view.renderSoon(upload, queue);
        if (!upload.isRunning) return;
        view.announceProgress(queue);
        this.notices.dispatch("progress", upload);
        return;
      }
      if (upload.state === "cancelled") this.removeCancelled(upload);
      else view.render(upload);
      view.renderTotalSoon(queue);
      this.choosing.check(upload);
      view.announceState(upload, queue);
      this.notices.reportState(upload);
      // A twin of another uploader may have waited for this one.
      uploaders.forEach((each) => each.queue.startNext());
      this.watch(queue.running.length > 0);
    }

    removeCancelled(upload) {
      this.removeFromList(upload);
      const key = upload.isKept ? "cancelled-late" : "cancelled";
      this.note(upload.failure ? "cancelled-here" : key, { name: upload.name });
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
        this.view.renderSoon(upload, this.queue);
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
