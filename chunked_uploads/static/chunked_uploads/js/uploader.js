"use strict";

/*
 * One uploader: brings together visitor, queue, view and the page around it.
 * docs/page.md tells what a page may rely on.
 */
(function () {
  const { Digests, FileRefused, Notices, Queue } = window.ChunkedUploads;
  const { Server, Upload, View } = window.ChunkedUploads;
  const { fromList, listen, refusalOf } = window.ChunkedUploads;

  const MIB = 1024 * 1024;
  const TICK = 500; // milliseconds
  const AT_ONCE = 50; // rows that are made before the browser may draw
  const SETTLED = new Set(["complete", "refused"]);
  const OPTIONS = {
    chunkSize: 8 * MIB, // bytes at most, until the server suggests
    filesInFlight: 4,
    rangesInFlight: 2, // of one file: the line is busy while an answer is on its way
    patience: 45, // seconds without a sign of life
  };

  class Uploader {
    /** `send` hands settings to jQuery File Upload and returns its request. */
    constructor(root, send) {
      this.root = root;
      this.send = send;
      this.options = { ...OPTIONS };
      Object.keys(OPTIONS).forEach((name) => {
        if (Number(root.dataset[name]) > 0) this.options[name] = Number(root.dataset[name]);
      });
      this.server = new Server(siteOf(root));
      this.digests = new Digests(root.dataset.digestWorker);
      this.queue = new Queue({
        files: this.options.filesInFlight,
        ranges: this.options.rangesInFlight,
      });
      this.view = new View(root, this.server.limits);
      this.notices = new Notices(root, this.view.texts);
      this.input = this.view.find("input");
      this.wanted = null; // the upload that a file is being chosen for
      this.guesses = new Map(); // upload -> the file that may be the one it misses
      this.askBeforeLeaving = this.askBeforeLeaving.bind(this);
      this.listenToVisitor();
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
      await this.take(fromList(files));
    }

    startAll() {
      this.each(["ready"], (upload) => upload.start());
    }

    resumeAll() {
      this.each(["paused", "failed"], (upload) => upload.start());
    }

    pauseAll() {
      this.each(["queued", "checking", "uploading", "waiting", "finishing"], (upload) =>
        upload.pause(),
      );
    }

    /** Cancel all that are not finished, but for those that wait for their files. */
    cancelAll() {
      this.queue.counted
        .filter(({ state }) => state !== "complete")
        .forEach((upload) => upload.cancel());
    }

    /** Take from the list what is finished or was refused. */
    clear() {
      this.each([...SETTLED], (upload) => this.remove(upload));
    }

    each(states, act) {
      this.uploads.filter(({ state }) => states.includes(state)).forEach(act);
    }

    // --- what comes in ---

    listenToVisitor() {
      const { root, view } = this;
      root.querySelectorAll("input[type=file]").forEach((input) => {
        input.addEventListener("change", () => {
          const files = fromList(input.files);
          input.value = ""; // so that the same file can be chosen again
          this.take(files);
        });
      });
      this.input.addEventListener("cancel", () => (this.wanted = null));
      listen(root, {
        take: (files) => this.take(files),
        showDrag: (where) => view.showDrag(where),
      });
      root.addEventListener("click", (event) => {
        const button = event.target.closest("[data-action]");
        // The second click of a double click would meet the button that came next.
        if (button && event.detail < 2) this.act(button);
      });
      const wake = () => this.uploads.forEach((upload) => upload.wake());
      window.addEventListener("online", wake);
      window.addEventListener("focus", wake);
    }

    act(button) {
      const upload = this.view.uploadOf(button.closest(".chunked-uploads-row"));
      const { action } = button.dataset;
      if (!upload) this[action]();
      else if (action === "choose") this.chooseFor(upload);
      else if (action === "remove") this.remove(upload);
      else if (action === "pause" || action === "cancel") upload[action]();
      else this.go(upload, action);
    }

    go(upload, action) {
      if (action !== "start") this.notices.tell("resume", upload);
      upload.start();
    }

    chooseFor(upload) {
      this.wanted = upload;
      this.input.click();
    }

    async take(files) {
      const wanted = this.wanted;
      this.wanted = null;
      this.view.note("");
      if (!files.length) return;
      if (wanted) return this.takeFor(wanted, files[0]);
      const isOne = !this.isSet("multiple");
      if (isOne) this.makeRoom();
      const taken = isOne ? files.slice(0, 1) : files;
      if (taken.length < files.length) this.view.note(this.view.texts.text("one-file"));
      const before = this.queue.uploads.length;
      for (let i = 0; i < taken.length; i += 1) {
        if (i && i % AT_ONCE === 0) await nextFrame();
        this.takeOne(taken[i]);
      }
      const count = this.queue.uploads.length - before;
      if (count > 1) this.view.say(this.view.texts.text("added", { count }));
    }

    /** Only one file at a time: the one that is there gives way. */
    makeRoom() {
      this.uploads.forEach((upload) => {
        if (SETTLED.has(upload.state)) this.remove(upload);
        else upload.cancel();
      });
    }

    /** The file for a certain upload, which the visitor was asked for. */
    takeFor(upload, { file }) {
      if (file.name === upload.name && file.size === upload.size) return upload.attach(file);
      const { texts } = this.view;
      const size = texts.format.bytes(upload.size);
      return upload.fail(new FileRefused("other-file", { name: upload.name, size }));
    }

    takeOne({ file, path }) {
      const same = this.uploads.filter(({ name, size }) => name === file.name && size === file.size);
      const missing = same.find(({ state }) => state === "missing");
      if (missing) {
        this.guesses.set(missing, { file, path });
        return missing.attach(file);
      }
      const isListed = same.some(
        (each) =>
          !SETTLED.has(each.state) &&
          each.path === path &&
          each.file.lastModified === file.lastModified,
      );
      if (isListed) {
        this.view.note(this.view.texts.text("listed", { name: path || file.name }));
        return null;
      }
      return this.enlist({ file, path });
    }

    /** Make an upload of a file, or of what the server knows of one. */
    enlist(origin) {
      const upload = new Upload(origin, {
        server: this.server,
        digests: this.digests,
        send: this.send,
        report: (news) => this.hear(upload, news),
        lanes: () => this.queue.lanes(),
        chunkSize: this.options.chunkSize,
        patience: this.options.patience,
      });
      this.queue.add(upload);
      this.view.add(upload);
      const refusal = origin.file && refusalOf(upload.file, this.server.limits, this.view.texts.format);
      if (refusal) upload.refuse(refusal);
      else if (origin.file && this.isSet("autoStart")) upload.start();
      else this.hear(upload, "state");
      return upload;
    }

    /** Put what the server has of the caller's into the list; none where it fails. */
    async showUnfinished() {
      let listed;
      try {
        listed = await this.server.unfinished(new AbortController().signal);
      } catch (failure) {
        return; // nobody is logged in, or the network is away: choosing a file finds it
      }
      const here = new Set(this.uploads.map(({ known }) => known && known.upload_uuid));
      listed
        .filter(({ upload_uuid }) => !here.has(upload_uuid))
        .forEach((known) => this.enlist({ known }));
    }

    remove(upload) {
      this.queue.remove(upload);
      this.view.remove(upload);
      this.view.renderTotal(this.queue);
      this.notices.tell("remove", upload);
    }

    // --- what the uploads say ---

    hear(upload, news) {
      const { queue, view } = this;
      if (!queue.uploads.includes(upload)) return;
      if (news === "progress") {
        view.touch(upload, queue);
        if (!upload.isRunning) return;
        view.announceProgress(queue);
        this.notices.tell("progress", upload);
        return;
      }
      if (upload.state === "cancelled") this.leave(upload);
      else view.render([upload], queue);
      if (upload.state === "missing" && this.guesses.has(upload)) this.guessAgain(upload);
      view.announceState(upload, queue);
      this.notices.pass(upload);
      queue.pump();
      this.watch(queue.running.length > 0);
    }

    leave(upload) {
      const key = upload.failure ? "cancelled-here" : "cancelled";
      this.queue.remove(upload);
      this.view.remove(upload);
      this.view.renderTotal(this.queue);
      this.view.note(this.view.texts.text(key, { name: upload.name }));
    }

    /** The file was not what an unfinished upload misses: it is one of its own. */
    guessAgain(upload) {
      const origin = this.guesses.get(upload);
      this.guesses.delete(upload);
      this.enlist(origin);
    }

    /** Ask before the page is left, and keep the clock going, while anything runs. */
    watch(isRunning) {
      if (isRunning === Boolean(this.ticker)) return;
      const act = isRunning ? "addEventListener" : "removeEventListener";
      window[act]("beforeunload", this.askBeforeLeaving);
      clearInterval(this.ticker);
      this.ticker = isRunning ? setInterval(() => this.tick(), TICK) : null;
      if (!isRunning) this.notices.tell("idle", null);
    }

    tick() {
      this.queue.running.forEach((upload) => {
        // A line that stands still is a slower one.
        if (upload.state === "uploading") upload.meter.add(upload.sent);
        this.view.touch(upload, this.queue);
      });
    }

    askBeforeLeaving(event) {
      event.preventDefault();
      event.returnValue = ""; // what older browsers wait for
    }
  }

  /** What the partial tells of its own site. */
  function siteOf(root) {
    const { dataset } = root;
    const form = root.closest("form");
    const field = form && form.elements.namedItem("csrfmiddlewaretoken");
    return {
      upload_url: dataset.uploadUrl,
      done_url: dataset.doneUrl,
      csrf_token: dataset.csrfToken || (field ? field.value : ""),
      csrf_cookie: dataset.csrfCookie,
      max_size: dataset.maxSize,
      extensions: dataset.extensions,
      query: dataset.query,
    };
  }

  function nextFrame() {
    return new Promise((resolve) => requestAnimationFrame(resolve));
  }

  Object.assign(window.ChunkedUploads, { Uploader });
})();
