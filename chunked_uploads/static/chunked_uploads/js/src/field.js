"use strict";

/*
 * The uploader as a field of a form: what is uploaded goes along by its claim, and
 * the form waits for it. Without this script, or where the uploader does not start,
 * the plain file input stays as it is.
 */
(function () {
  if (window.ChunkedUploads.Field) return; // brought twice, by two forms of a page

  const NEWS = ["start", "stop", "progress", "refuse", "remove", "cancel", "idle"];
  const TAKEN_BACK = new Set(["remove", "cancel"]);
  // What tells of the plain input is told of the uploader's own.
  const MOVED = ["id", "accept", "aria-describedby", "aria-invalid"];

  class Field {
    constructor(element) {
      this.element = element;
      this.root = element.querySelector("[data-chunked-uploads]");
      this.plain = element.querySelector("input[type=file][name]");
      this.claim = element.querySelector("input[type=hidden]");
      this.kept = element.querySelector(".chunked-uploads-field-kept");
      this.told = element.querySelector(".chunked-uploads-field-told");
      this.texts = element.querySelector(".chunked-uploads-field-messages").content;
      this.uploader = this.root.chunkedUploads;
      this.isRequired = this.plain.required;
      this.hasUpload = false;
      this.message = ""; // the name of what is told
      this.leaving = new AbortController(); // ends all that listens
      this.takeOver();
    }

    /** Let the uploader stand where the plain input was. */
    takeOver() {
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
      this.guard = guardOf(plain.form);
      if (this.guard) this.guard.add(this);
      const { signal } = this.leaving;
      NEWS.forEach((name) => {
        root.addEventListener(`chunkeduploads:${name}`, () => this.hear(name), { signal });
      });
      if (chosen.length) this.uploader.add(chosen);
      else this.hear("ready");
    }

    /** The upload that shall go along with the form, if there is any. */
    get upload() {
      return this.uploader.uploads.filter(({ isLeaving }) => !isLeaving).pop() || null;
    }

    get isRunning() {
      return this.upload !== null && this.upload.isGoing;
    }

    /** Why the form can't be sent as it is; the name of a message, or nothing. */
    complaint(isLenient) {
      const { upload } = this;
      if (this.element.matches("fieldset:disabled *")) return "";
      if (!upload) return this.isMissing && !isLenient ? "missing" : "";
      if (upload.state === "complete" || this.isRunning) return "";
      return upload.state === "refused" ? "refused" : "stopped";
    }

    get isMissing() {
      return this.isRequired && !(this.kept && this.kept.checked);
    }

    hear(news) {
      const { upload } = this;
      const isComplete = upload !== null && upload.state === "complete";
      this.claim.value = isComplete ? claimOf(upload) : "";
      this.claim.disabled = !isComplete;
      this.giveWay(upload !== null);
      // Of one that was just taken out, the uploader may hear before its field does.
      if (!this.guard || !this.element.isConnected) return;
      // What was said of the field is only worth reading while it is true.
      if (!this.guard.isWaiting && this.message !== this.complaint()) this.tell("");
      if (TAKEN_BACK.has(news) && !upload) this.guard.release();
      else this.guard.settle();
    }

    /** What the form had already stands back for what is uploaded now. */
    giveWay(hasUpload) {
      if (hasUpload === this.hasUpload) return;
      this.hasUpload = hasUpload;
      if (!this.kept) return;
      this.kept.checked = !hasUpload;
      this.kept.closest("p").hidden = hasUpload;
    }

    tell(name) {
      this.message = name;
      const message = name && this.texts.querySelector(`[data-message="${name}"]`);
      this.told.textContent = message ? message.textContent : "";
      this.told.hidden = !message;
    }

    focus() {
      const row = this.root.querySelector(".chunked-uploads-row button:not([hidden])");
      (row || this.root.querySelector(".chunked-uploads-input")).focus();
    }

    /** Let go of everything, for a form that begins anew or goes away. */
    empty() {
      this.tell("");
      this.uploader.cancelAll();
      this.uploader.clear();
    }
  }

  /** Holds a form back while any of its fields is on its way. */
  class Guard {
    constructor(form) {
      this.form = form;
      this.fields = new Set();
      this.isWaiting = false;
      this.submitter = null;
      // Ahead of the page's own listeners, which may send the form by themselves.
      form.addEventListener("submit", (event) => this.check(event), true);
      form.addEventListener("reset", (event) => {
        // A moment later, when every listener has had its say.
        setTimeout(() => event.defaultPrevented || this.reset());
      });
    }

    add(field) {
      this.fields.add(field);
    }

    reset() {
      this.fields.forEach((field) => field.empty());
      this.release();
    }

    get running() {
      return [...this.fields].filter((field) => field.isRunning);
    }

    /** Whether it is not certain yet what the visitor's cancelling leaves. */
    get isTakingBack() {
      const uploads = [...this.fields].flatMap(({ uploader }) => uploader.uploads);
      return uploads.some(({ state }) => state === "cancelling");
    }

    /** Tell each field what is wrong with it; return the first one with which it is. */
    complain(isLenient) {
      let first = null;
      this.fields.forEach((field) => {
        const complaint = field.complaint(isLenient);
        field.tell(complaint);
        if (complaint && !first) first = field;
      });
      return first;
    }

    check(event) {
      const { submitter } = event;
      const isLenient = this.form.noValidate || Boolean(submitter && submitter.formNoValidate);
      const wrong = this.complain(isLenient);
      const { running } = this;
      this.isWaiting = !wrong && running.length > 0;
      if (!wrong && !this.isWaiting) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (wrong) {
        wrong.focus();
        return;
      }
      this.submitter = submitter;
      running.forEach((field) => field.tell("waiting"));
    }

    /** Send the form that waits, if it need not wait any longer. */
    settle() {
      if (!this.isWaiting || this.isTakingBack) return;
      if (this.complain(true)) {
        this.isWaiting = false;
        return;
      }
      this.running.forEach((field) => field.tell("waiting"));
      if (this.running.length) return;
      this.isWaiting = false;
      // A moment later, when nobody asks any more whether to leave the page.
      setTimeout(() => this.send());
    }

    send() {
      const { form, submitter } = this;
      const isThere = submitter && submitter.isConnected && submitter.form === form;
      form.requestSubmit(isThere ? submitter : null);
    }

    /** Wait no longer: the visitor took back what was waited for. */
    release() {
      this.isWaiting = false;
      this.fields.forEach((field) => field.tell(""));
    }
  }

  const guards = new WeakMap();

  function guardOf(form) {
    if (form && !guards.has(form)) guards.set(form, new Guard(form));
    return form ? guards.get(form) : null;
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
      const { guard } = field;
      field.guard = null; // what it does from now on is not the form's business
      field.empty();
      field.leaving.abort();
      delete field.element.chunkedUploadsField; // it may be put back
      if (guard) {
        guard.fields.delete(field);
        guard.settle();
      }
    });
  }).observe(document.documentElement, { childList: true, subtree: true });

  Object.assign(window.ChunkedUploads, { Field });
})();
