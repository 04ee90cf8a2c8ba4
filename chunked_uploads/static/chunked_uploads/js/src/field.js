"use strict";

/*
 * The uploader as a field of a form: what is uploaded goes along by its claim, and
 * the form waits for it. Without this script, or where the uploader does not start,
 * the plain file input stays as it is.
 */
(function () {
  if (window.ChunkedUploads.Field) return; // brought twice, by two forms of a page

  const { guardOf } = window.ChunkedUploads;
  const EVENTS = ["start", "stop", "progress", "refuse", "remove", "cancel", "idle"];
  const WITHDRAWN = new Set(["remove", "cancel"]);
  // Attributes of the plain input that the uploader's own gets.
  const MOVED = ["id", "accept", "aria-describedby", "aria-invalid"];

  class Field {
    constructor(element) {
      this.element = element;
      this.root = element.querySelector("[data-chunked-uploads]");
      this.plain = element.querySelector("input[type=file][name]");
      this.claim = element.querySelector("input[type=hidden]");
      this.kept = element.querySelector(".chunked-uploads-field-kept");
      this.notice = element.querySelector(".chunked-uploads-field-told");
      this.texts = element.querySelector(".chunked-uploads-field-messages").content;
      this.uploader = this.root.chunkedUploads;
      this.isRequired = this.plain.required;
      this.hasUpload = false;
      this.message = ""; // the name of the one that is shown
      this.guard = guardOf(this.plain.form); // null where there is no form, or no more
      this.listening = new AbortController();
      this.replacePlain();
    }

    /** Let the uploader stand where the plain input was. */
    replacePlain() {
      const { plain, root } = this;
      const input = root.querySelector(".chunked-uploads-input");
      MOVED.filter((name) => plain.hasAttribute(name)).forEach((name) => {
        input.setAttribute(name, plain.getAttribute(name));
        plain.removeAttribute(name);
      });
      // Whoever was faster than the scripts has chosen a file already.
      const chosen = [...plain.files];
      plain.value = "";
      plain.hidden = plain.disabled = true;
      if (this.guard) this.guard.add(this);
      const { signal } = this.listening;
      EVENTS.forEach((name) => {
        root.addEventListener(`chunkeduploads:${name}`, () => this.update(name), { signal });
      });
      if (chosen.length) this.uploader.add(chosen);
      else this.update("ready");
    }

    /** The upload that shall go along with the form, if there is any. */
    get upload() {
      return this.uploader.uploads.filter(({ isCancelled }) => !isCancelled).pop() || null;
    }

    get isRunning() {
      return this.upload !== null && this.upload.isGoing;
    }

    /** Why the form can't be sent as it is; the name of a message, or nothing. */
    problem(isLenient) {
      const { upload } = this;
      if (this.element.matches("fieldset:disabled *")) return "";
      if (!upload) return this.isMissing && !isLenient ? "missing" : "";
      if (upload.state === "complete" || this.isRunning) return "";
      return upload.state === "refused" ? "refused" : "stopped";
    }

    get isMissing() {
      return this.isRequired && !(this.kept && this.kept.checked);
    }

    /** Something happened to the upload; `event` is its name. */
    update(event) {
      const { upload } = this;
      const isComplete = upload !== null && upload.state === "complete";
      this.claim.value = isComplete ? claimOf(upload) : "";
      this.claim.disabled = !isComplete;
      this.setHasUpload(upload !== null);
      // Where it was just taken out, the uploader may know it before its field does.
      if (!this.guard || !this.element.isConnected) return;
      // What was said of the field is only worth reading while it is true.
      if (!this.guard.isWaiting && this.message !== this.problem()) this.showMessage("");
      if (WITHDRAWN.has(event) && !upload) this.guard.stopWaiting();
      else this.guard.sendWhenReady();
    }

    /** What the form had already is not used where something is uploaded now. */
    setHasUpload(hasUpload) {
      if (hasUpload === this.hasUpload) return;
      this.hasUpload = hasUpload;
      if (!this.kept) return;
      this.kept.checked = !hasUpload;
      this.kept.closest("p").hidden = hasUpload;
    }

    showMessage(name) {
      this.message = name;
      const message = name && this.texts.querySelector(`[data-message="${name}"]`);
      this.notice.textContent = message ? message.textContent : "";
      this.notice.hidden = !message;
    }

    focus() {
      const row = this.root.querySelector(".chunked-uploads-row button:not([hidden])");
      (row || this.root.querySelector(".chunked-uploads-input")).focus();
    }

    /** Let go of everything, for a form that begins anew or goes away. */
    empty() {
      this.showMessage("");
      this.uploader.cancelAll();
      this.uploader.clear();
    }

    /** The field was taken out of the page. */
    leave() {
      const { guard } = this;
      this.guard = null; // what it does from now on does not concern the form
      this.empty();
      this.listening.abort();
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
