"use strict";

/*
 * Holds a form back while what any of its fields uploads is on its way.
 */
(function () {
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

    remove(field) {
      this.fields.delete(field);
      this.sendWhenReady();
    }

    reset() {
      this.fields.forEach((field) => field.empty());
      this.stopWaiting();
    }

    get running() {
      return [...this.fields].filter((field) => field.isRunning);
    }

    /** Whether it is not certain yet what the visitor's cancelling leaves. */
    get isCancelling() {
      const uploads = [...this.fields].flatMap(({ uploader }) => uploader.uploads);
      return uploads.some(({ state }) => state === "cancelling");
    }

    /** Show what is wrong with each field; return the first that has a problem. */
    showProblems(isLenient) {
      let first = null;
      this.fields.forEach((field) => {
        const problem = field.problem(isLenient);
        field.showMessage(problem);
        if (problem && !first) first = field;
      });
      return first;
    }

    check(event) {
      const { submitter } = event;
      const isLenient = this.form.noValidate || Boolean(submitter && submitter.formNoValidate);
      const wrong = this.showProblems(isLenient);
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
      running.forEach((field) => field.showMessage("waiting"));
    }

    /** Send the form that waits, if it need not wait any longer. */
    sendWhenReady() {
      if (!this.isWaiting || this.isCancelling) return;
      if (this.showProblems(true)) {
        this.isWaiting = false;
        return;
      }
      this.running.forEach((field) => field.showMessage("waiting"));
      if (this.running.length) return;
      this.isWaiting = false;
      // A moment later, when nobody asks any more whether to leave the page.
      setTimeout(() => this.send());
    }

    send() {
      const { form, submitter } = this;
      const isThere = submitter && submitter.isConnected && submitter.form === form;
      if (form.requestSubmit) form.requestSubmit(isThere ? submitter : null);
      else if (isThere) submitter.click(); // Safari before 16
      else form.submit();
    }

    /** Wait no longer: the visitor took back what was waited for. */
    stopWaiting() {
      this.isWaiting = false;
      this.fields.forEach((field) => field.showMessage(""));
    }
  }

  const guards = new WeakMap();

  function guardOf(form) {
    if (form && !guards.has(form)) guards.set(form, new Guard(form));
    return form ? guards.get(form) : null;
  }

  Object.assign(window.ChunkedUploads, { guardOf });
})();
