"use strict";

/*
 * The controls of chunked_upload.html, one file at a time in each: brings
 * together visitor, jQuery File Upload, upload, view and the page's callbacks.
 */
(function () {
  const { Server, Upload, View } = window.ChunkedUploads;

  // Our jQuery stays ours; a page that brought its own gets that back.
  const $ = window.jQuery.noConflict(true);
  if (!window.jQuery) window.jQuery = $;
  if (!window.$) window.$ = $;

  const TICK = 500; // milliseconds
  const CAN_CHOOSE = new Set(["ready", "failed", "complete"]);
  const CALLBACKS = new Set(["start", "stop", "error", "complete"]);

  class Controls {
    constructor(root) {
      this.root = root;
      this.view = new View(root);
      this.body = this.view.find("body");
      this.input = this.view.find("input");
      this.server = new Server({
        upload_url: root.dataset.uploadUrl,
        done_url: root.dataset.doneUrl,
        csrf_token: root.dataset.csrfToken,
      });
      this.upload = null;
      this.note = "";
      this.askBeforeLeaving = this.askBeforeLeaving.bind(this);
      this.listenToSender();
      this.listenToVisitor();
      this.view.render(null, "");
    }

    get canChoose() {
      return !this.upload || CAN_CHOOSE.has(this.upload.state);
    }

    // --- what comes in ---

    listenToSender() {
      $(this.body).fileupload({
        // We listen ourselves: its way of reading a drop loses files that are no
        // entries of a file system.
        dropZone: null,
        fileInput: $(),
        multipart: false,
        type: "POST",
        dataType: "json",
        chunkbeforesend: (event, chunk) => {
          Object.assign(chunk, chunk.upload.chunkSettings());
        },
        chunksend: (event, chunk) => !chunk.signal.aborted && !chunk.upload.isAstray,
        chunkdone: (event, chunk) => {
          if (chunk.signal.aborted) return;
          chunk.upload.takeChunk(chunk.result, chunk.uploadedBytes);
        },
        progress: (event, chunk) => {
          if (!chunk.signal.aborted) chunk.upload.setSent(chunk.loaded);
        },
      });
    }

    listenToVisitor() {
      const { body, view } = this;
      this.input.addEventListener("change", () => this.choose([...this.input.files]));
      body.addEventListener("dragover", (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        view.showDrag(this.canChoose);
      });
      body.addEventListener("drop", (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        view.showDrag(false);
        this.choose(filesOf(event.dataTransfer));
      });
      body.addEventListener("dragleave", (event) => {
        if (!body.contains(event.relatedTarget)) view.showDrag(false);
      });
      body.addEventListener("click", (event) => {
        const button = event.target.closest("[data-action]");
        // The second click of a double click would meet the button that came next.
        if (button && event.detail < 2) this[button.dataset.action]();
      });
      window.addEventListener("online", () => this.upload && this.upload.wake());
    }

    /** Take the first of `files`. */
    choose(files) {
      this.input.value = ""; // so that the same file can be chosen again
      if (!files.length) return;
      if (!this.canChoose) {
        this.view.speak(this.view.text("busy"));
        return;
      }
      if (this.upload) this.upload.takeTurn();
      this.upload = this.makeUpload(files[0]);
      this.note = files.length > 1 ? this.view.text("one-file") : "";
      this.show();
      this.view.focusOn("start");
      this.upload.peek();
    }

    makeUpload(file) {
      const upload = new Upload(file, {
        server: this.server,
        send: (settings) => $(this.body).fileupload("send", settings),
        report: (news) => {
          if (upload === this.upload) this.hear(news);
        },
        chunkSize: Number(this.root.dataset.chunkSize),
      });
      return upload;
    }

    start() {
      this.tell("start");
      this.upload.start();
    }

    resume() {
      this.tell("resume");
      this.upload.start();
    }

    pause() {
      this.upload.pause();
    }

    cancel() {
      this.upload.cancel();
    }

    another() {
      this.upload.takeTurn();
      this.reset("");
    }

    reset(note) {
      this.upload = null;
      this.note = note;
      this.show();
      this.input.focus();
    }

    // --- what the upload says ---

    hear(news) {
      if (news === "state") {
        this.note = "";
        this.show();
        this.pass(this.upload);
        return;
      }
      this.view.render(this.upload, this.note);
      if (!this.upload.isRunning) return;
      this.view.announceProgress(this.upload);
      this.tell("progress");
    }

    show() {
      const { upload, note } = this;
      this.view.render(upload, note);
      this.view.announceState(upload, note);
      this.watch(upload !== null && upload.isRunning);
    }

    /** Ask before the page is left, and keep the clock going, while it runs. */
    watch(isRunning) {
      const act = isRunning ? "addEventListener" : "removeEventListener";
      window[act]("beforeunload", this.askBeforeLeaving);
      clearInterval(this.ticker);
      if (isRunning) this.ticker = setInterval(() => this.tick(), TICK);
    }

    tick() {
      // A line that stands still is a slower one.
      if (this.upload.state === "uploading") this.upload.meter.add(this.upload.sent);
      this.view.render(this.upload, this.note);
    }

    askBeforeLeaving(event) {
      event.preventDefault();
      event.returnValue = ""; // what older browsers wait for
    }

    // --- what goes out to the page ---

    /** Tell the page of the states that it may wait for. */
    pass({ state, failure, result }) {
      if (state === "paused") this.tell("pause");
      if (state === "failed") this.tell("error", this.view.describe(failure));
      if (state === "complete") {
        this.tell("complete", result);
        this.callBack("video_url", result.video_url);
      }
      if (state === "cancelled") {
        this.tell("cancel");
        this.tell("stop");
        this.reset(this.view.text(failure ? "cancelled-here" : "cancelled"));
      }
      if (["paused", "failed", "complete"].includes(state)) this.tell("stop");
    }

    /** Dispatch `chunkeduploads:NAME`, and call the classic callback of that name. */
    tell(name, more) {
      const { file, state, held, sent, percent, timeLeft, meter, known } = this.upload;
      const detail = {
        file,
        state,
        name: file.name,
        total_size: file.size,
        size: held,
        sent,
        percent,
        speed: meter.speed(),
        time_left: timeLeft,
        upload_uuid: known && known.upload_uuid,
        ...more,
      };
      const event = new CustomEvent(`chunkeduploads:${name}`, { bubbles: true, detail });
      this.root.dispatchEvent(event);
      // To the classic callbacks going on is a start: each start has its stop.
      const callback = name === "resume" ? "start" : name;
      if (CALLBACKS.has(callback)) this.callBack(callback, detail);
    }

    /** Call the page's function, however it spells it. */
    callBack(name, value) {
      const spellings = [`chunked_upload_${name}`, `chunked_uploads_${name}`];
      new Set(spellings.map((spelling) => window[spelling])).forEach((callback) => {
        if (typeof callback !== "function") return;
        try {
          callback(value);
        } catch (error) {
          // The page's mistake must not end the upload, nor stay unseen.
          setTimeout(() => {
            throw error;
          });
        }
      });
    }
  }

  /** The files that were dropped, without the folders. */
  function filesOf(transfer) {
    const isFolder = (item) => {
      const entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
      return Boolean(entry && entry.isDirectory);
    };
    return [...transfer.items]
      .filter((item) => item.kind === "file" && !isFolder(item))
      .map((item) => item.getAsFile());
  }

  $(() => {
    document.querySelectorAll("[data-chunked-uploads]").forEach((root) => {
      // Every partial loads this script: only the first run finds them untouched.
      if (!root.chunkedUploads) root.chunkedUploads = new Controls(root);
    });
  });
})();
