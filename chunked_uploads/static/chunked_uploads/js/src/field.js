"use strict";

/*
 * The uploader as a field of a form: what is uploaded goes along by its claim, and
 * the form waits for it. Without this script, or where the uploader does not start,
 * the plain file input stays as it is.
 */
(function () {
  if (window.ChunkedUploads.Field) return; // brought twice, by two forms of a page

  const { formersOf, guardOf } = window.ChunkedUploads;
  const EVENTS = ["change", "start", "stop", "progress", "refuse", "remove", "cancel", "restore", "idle"];
  // Attributes of the plain input that the uploader's own gets.
  const MOVED = ["id", "accept"];

  class Field {
    constructor(element) {
      this.element = element;
      this.root = element.querySelector("[data-chunked-uploads]");
      this.plain = element.querySelector("input[type=file][name]");
      this.claim = element.querySelector("input[type=hidden]");
      this.notice = element.querySelector(".chunked-uploads-field-told");
      this.texts = element.querySelector(".chunked-uploads-field-messages").content;
      this.uploader = this.root.chunkedUploads;
      this.formers = formersOf(element);
      this.shown = null; // the former whose row is in the list
      this.isRefused = false; // the last file that was chosen
      this.message = ""; // the name of the one that is shown
      this.hasTold = false; // the visitor that the refused file does not go along
      this.guard = guardOf(this.plain.form); // null where there is no form, or no more
      this.listening = new AbortController();
      this.replacePlain();
    }

    /** Let the uploader stand where the plain input was. */
    replacePlain() {
      const { element, plain, root } = this;
      const input = root.querySelector(".chunked-uploads-input");
      MOVED.filter((name) => plain.hasAttribute(name)).forEach((name) => {
        input.setAttribute(name, plain.getAttribute(name));
        plain.removeAttribute(name);
      });
      const described = plain.getAttribute("aria-describedby");
      if (described) root.setAttribute("aria-describedby", described);
      root.toggleAttribute("data-invalid", "invalid" in element.dataset);
      root.append(this.notice);
      // Whoever was faster than the scripts has chosen a file already.
      const chosen = [...plain.files];
      plain.value = "";
      plain.disabled = element.querySelector(".chunked-uploads-field-plain").hidden = true;
      if (this.guard) this.guard.add(this);
      const { signal } = this.listening;
      EVENTS.forEach((name) => {
        root.addEventListener(`chunkeduploads:${name}`, ({ detail }) => this.hear(name, detail.upload), { signal });
      });
      this.update();
      if (chosen.length) this.uploader.add(chosen);
    }

    /** The upload that shall go along with the form, if there is any. */
    get upload() {
      const uploads = this.uploader.uploads.filter(
        (upload) => !upload.isCancelled && !(this.shown && upload === this.shown.upload),
      );
      return uploads.pop() || null;
    }

    get isRunning() {
      return this.upload !== null && this.upload.isGoing;
    }

    /** Why the form can't be sent as it is; the name of a message, or nothing. */
    problem(isLenient) {
      const { upload } = this;
      if (this.element.matches("fieldset:disabled *")) return "";
      const isNews = this.isRefused && !this.hasTold;
      if (!upload && this.isMissing && (!isLenient || isNews)) return "missing";
      if (!upload) return isNews ? "refused" : "";
      return upload.state === "complete" || this.isRunning ? "" : "stopped";
    }

    get isMissing() {
      return "required" in this.element.dataset && !this.shown;
    }

    /** An event of the uploader's; `upload` is what it is of, if any. */
    hear(event, upload) {
      const { shown } = this;
      // The visitor cancels it now; that the server knows of it comes later.
      const isCancelled = event === "change" && upload.state === "cancelling";
      if (event === "change" && !isCancelled) return;
      if (event === "start") this.isRefused = this.hasTold = false;
      if (event === "refuse") {
        // It can't go along, and the field says why.
        this.isRefused = true;
        this.uploader.remove(upload);
      }
      if (event === "remove" && shown && upload === shown.upload) {
        this.shown = null;
        // Else it gave way to another file.
        if (!this.upload) shown.remove();
      }
      // A row that goes since its file was refused is not the visitor's wish.
      this.update(isCancelled || (event === "remove" && upload.state !== "refused"));
    }

    /** Tell the form what the upload is now; `isGone` where the visitor took it away. */
    update(isGone = false) {
      const { upload } = this;
      const isComplete = upload !== null && upload.state === "complete";
      this.claim.value = isComplete ? claimOf(upload) : "";
      this.claim.disabled = !isComplete;
      this.showFormer();
      // Where it was just taken out, the uploader may know it before its field does.
      if (!this.guard || !this.element.isConnected) return;
      // What was said of the field is only worth reading while it is true.
      const isTrue = this.message === "refused" ? this.isRefused : this.message === this.problem(false);
      if (!this.guard.isWaiting && !isTrue) this.showMessage("");
      if (isGone && !upload) this.guard.stopWaiting();
      else this.guard.sendWhenReady();
    }

    /** Show what the form had already, where nothing was chosen instead. */
    showFormer() {
      const { formers, shown, upload, uploader } = this;
      const former = upload ? null : formers.filter(({ isRemoved }) => !isRemoved).pop() || null;
      formers.forEach((each) => each.use(each === former, upload !== null));
      if (former === shown) return;
      this.shown = former;
      if (shown) uploader.remove(shown.upload);
      if (former) former.show(uploader);
    }

    showMessage(name) {
      this.message = name;
      if (name) this.hasTold = this.isRefused;
      const message = name && this.texts.querySelector(`[data-message="${name}"]`);
      this.notice.firstElementChild.textContent = message ? message.textContent : "";
      this.notice.dataset.told = name;
      this.notice.hidden = !message;
      if (name && name !== "waiting") this.root.dataset.invalid = "";
    }

    focus() {
      const button = this.root.querySelector(".chunked-uploads-list button:not([hidden])");
      if (button) button.focus();
      else this.uploader.view.focus();
    }

    /** Let go of everything, for a form that begins anew or goes away. */
    empty() {
      this.showMessage("");
      this.uploader.cancelAll();
      this.uploader.clear();
      this.isRefused = this.hasTold = false;
      this.root.removeAttribute("data-invalid");
      this.formers.forEach((each) => each.restore());
      if (this.guard) this.update();
    }

    /** The field was taken out of the page. */
    leave() {
      const { guard } = this;
      this.guard = null; // what it does from now on does not concern the form
      this.listening.abort();
      this.empty();
      if (guard) guard.remove(this);
    }
  }

  function claimOf({ known }) {
    return `${known.upload_uuid}:${new URL(known.url).searchParams.get("token")}`;
  }

  const fields = new Set();

  function connect(root) {
    const element = root.closest("[data-chunked-uploads-field]");
    if (!element || element.chunkedUploadsField) return;
    element.chunkedUploadsField = new Field(element);
    fields.add(element.chunkedUploadsField);
  }

  document.addEventListener("chunkeduploads:ready", (event) => connect(event.target));
  // Where the uploader's own script came long before this one.
  [...document.querySelectorAll("[data-chunked-uploads]")].filter((root) => root.chunkedUploads).forEach(connect);

  // The admin takes inline forms away again.
  new MutationObserver(() => {
    fields.forEach((field) => {
      if (field.element.isConnected) return;
      fields.delete(field);
      field.leave();
      delete field.element.chunkedUploadsField; // it may be put back
    });
  }).observe(document.documentElement, { childList: true, subtree: true });

  Object.assign(window.ChunkedUploads, { Field });
})();
