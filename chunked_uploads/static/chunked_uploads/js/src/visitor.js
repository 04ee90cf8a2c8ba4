"use strict";

/*
 * What the visitor does with one uploader: brings files, presses buttons, comes and goes.
 */
(function () {
  const { fromList, listen, notification } = window.ChunkedUploads;

  const WAYS = new Set(["choose", "chooseFolder", "gallery", "camera"]);
  const OF_ALL = new Set(["startAll", "resumeAll", "pauseAll", "cancelAll", "withdrawAll", "retryFailed", "clear"]);

  const TO_GO_ON = new Set(["start", "resume", "retry"]);

  class Visitor {
    constructor(uploader) {
      this.uploader = uploader;
      this.listening = new AbortController();
      this.listenForFiles();
      this.listenForPresses();
    }

    leave() {
      this.listening.abort();
    }

    listenForFiles() {
      const { choosing, root, view } = this.uploader;
      const { signal } = this.listening;
      root.querySelectorAll("input[type=file][class*=chunked-uploads]").forEach((input) => {
        input.addEventListener("change", () => {
          const files = fromList(input.files);
          input.value = ""; // so that the same file can be chosen again
          if (input.hasAttribute("capture")) choosing.addNew(files);
          else choosing.addChosen(files);
        }, { signal });
        input.addEventListener("cancel", () => choosing.forget(), { signal });
      });
      listen(root, {
        add: (files) => choosing.add(files),
        showDrag: (drag) => view.showDrag(drag),
        isFull: () => choosing.isFull,
        signal,
      });
    }

    listenForPresses() {
      const { uploader } = this;
      const { signal } = this.listening;
      const press = (event) => {
        const button = event.target.closest("[data-action]");
        // The second click of a double click would meet the button that came next.
        if (button && event.detail < 2) this.act(button);
      };
      uploader.root.addEventListener("click", press, { signal });
      const wake = () => uploader.uploads.forEach((upload) => upload.wake());
      window.addEventListener("online", wake, { signal });
      window.addEventListener("focus", wake, { signal });
      window.addEventListener("pagehide", () => uploader.goAway(), { signal });
    }

    act(button) {
      const { uploader } = this;
      const { choosing, view } = uploader;
      const line = button.closest(".chunked-uploads-row");
      const upload = view.uploadOf(line);
      const { action } = button.dataset;
      if (upload) this.actOn(upload, action);
      else if (action === "dismiss") view.uploadsOf(line).forEach((each) => uploader.remove(each));
      else if (action === "show") view.list.showProblems();
      else if (action === "notify") notification.ask();
      else if (WAYS.has(action)) choosing[action]();
      else if (OF_ALL.has(action)) uploader[action]();
    }

    actOn(upload, action) {
      const { uploader } = this;
      const { choosing } = uploader;
      if (action === "choose") choosing.askFor(upload);
      else if (action === "continue") choosing.continueWith(upload);
      else if (action === "replace") choosing.choose();
      else if (action === "remove") this.remove(upload);
      else if (action === "dismiss") uploader.remove(upload);
      else if (action === "cancel") uploader.withdrawing.withdraw([upload]);
      else if (action === "pause") upload.pause();
      else if (TO_GO_ON.has(action)) uploader.go(upload, action);
    }

    /** Take the file out of a form; a large one only after a question. */
    async remove(upload) {
      const { uploader } = this;
      const { withdrawing } = uploader;
      const isSure = !withdrawing.isWorthAsking([upload]) || (await withdrawing.ask([upload], "ask-remove", "remove"));
      if (isSure) uploader.remove(upload);
    }
  }

  Object.assign(window.ChunkedUploads, { Visitor });
})();
