"use strict";

/*
 * What lies above the page: the overlay while files are dragged, the toast, the question.
 */
(function () {
  const CLASS = "chunked-uploads-";
  const UNDO = 8000; // milliseconds, as long as the toast's line runs

  function make(tag, part, ...children) {
    const element = document.createElement(tag);
    element.className = `${CLASS}${part}`;
    element.append(...children);
    return element;
  }

  function makeButton(look, text, press, action) {
    const button = make("button", `button ${CLASS}${look}`, text);
    button.type = "button";
    if (action) button.dataset.action = action;
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      press();
    });
    return button;
  }

  /** Put an element above all others, where the browser has a place for that. */
  function show(root, element) {
    const isAbove = "popover" in element;
    if (isAbove) element.popover = "manual";
    else element.lang = root.lang;
    // In the root it has the root's properties; without the top layer it would be cut there.
    (isAbove ? root : document.body).append(element);
    if (isAbove) element.showPopover();
  }

  class Above {
    /** `focusElsewhere` gives the focus to what stays, where what had it goes. */
    constructor(root, texts, focusElsewhere) {
      this.root = root;
      this.texts = texts;
      this.focusElsewhere = focusElsewhere;
      this.overlay = null;
      this.toast = null;
      this.next = ""; // a sentence that waits
    }

    end() {
      this.hideOverlay();
      this.dismissToast();
    }

    // --- while files are dragged over the page ---

    showOverlay(text, limits, fan) {
      if (this.overlay || !text) return; // a page of its own HTML may have no words
      const invitation = make("div", "invitation", text);
      const about = make("div", "limits", limits);
      this.overlay = make("div", `over ${CLASS}is-near`, ...(fan ? [fan.cloneNode(true)] : []), invitation, about);
      show(this.root, this.overlay);
    }

    hideOverlay() {
      if (this.overlay) this.overlay.remove();
      this.overlay = null;
    }

    // --- what was done, and can be taken back for a while ---

    /**
     * Show a sentence for some seconds. `undo` takes back what it tells of, `end` makes it
     * final; meanwhile other sentences wait.
     */
    tell(text, { undo = null, end = () => {} } = {}) {
      if (!text) {
        end(); // nobody can take back what nobody was told of
        return;
      }
      if (!undo && this.toast && this.toast.canUndo) {
        this.next = text;
        return;
      }
      this.hideToast();
      const look = undo ? "name" : `name ${CLASS}name-whole`;
      const toast = make("div", "toast", make("span", look, make("span", "", text)));
      const timer = new Countdown(UNDO, () => this.dismissToast());
      if (undo) {
        const bar = make("span", "bar");
        bar.setAttribute("aria-hidden", "true");
        const press = () => {
          this.hideToast();
          undo();
          this.tellNext();
        };
        toast.append(makeButton("tinted", this.texts.text("undo"), press, "undo"), bar);
      }
      const isLookedAt = () => toast.matches(":hover, :focus-within");
      const follow = () => setTimeout(() => {
        if (!toast.isConnected || isLookedAt()) timer.stop();
        else timer.start();
      });
      ["pointerenter", "pointerleave", "focusin", "focusout"].forEach((name) => toast.addEventListener(name, follow));
      this.toast = { element: toast, timer, end, canUndo: Boolean(undo) };
      show(this.root, toast);
      timer.start();
    }

    /** Take the toast away; what it tells of is so for good. */
    dismissToast() {
      const { toast } = this;
      if (!toast) return;
      this.hideToast();
      toast.end();
      this.tellNext();
    }

    hideToast() {
      const { toast } = this;
      if (!toast) return;
      this.toast = null;
      toast.timer.stop();
      const hadFocus = toast.element.contains(document.activeElement);
      toast.element.remove();
      if (hadFocus) this.focusElsewhere();
    }

    tellNext() {
      const { next } = this;
      this.next = "";
      if (!this.toast) this.tell(next);
    }

    // --- a question ---

    /** Resolves to whether the visitor wants that; `why` says what it destroys. */
    ask(question, why, wanted) {
      if (!question) return Promise.resolve(true); // a page that has no words for it
      if (!window.HTMLDialogElement) return Promise.resolve(window.confirm(`${question}\n${why}`));
      return new Promise((resolve) => {
        const keep = makeButton("tinted", this.texts.text("keep"), () => dialog.close());
        const go = makeButton("danger", wanted, () => dialog.close("yes"));
        const title = make("div", "invitation", question);
        const dialog = make("dialog", "confirm", title, make("div", "limits", why), make("div", "ways", keep, go));
        dialog.setAttribute("aria-label", question);
        dialog.addEventListener("close", () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        });
        dialog.addEventListener("click", (event) => {
          event.stopPropagation();
          if (event.target === dialog) dialog.close(); // beside it
        });
        this.root.append(dialog);
        dialog.showModal();
      });
    }
  }

  /** Calls `act` after some milliseconds, those apart in which it is stopped. */
  class Countdown {
    constructor(milliseconds, act) {
      this.left = milliseconds;
      this.act = act;
      this.timer = null;
      this.began = 0;
    }

    start() {
      this.stop();
      this.began = performance.now();
      this.timer = setTimeout(this.act, this.left);
    }

    stop() {
      if (this.timer === null) return;
      clearTimeout(this.timer);
      this.timer = null;
      this.left -= performance.now() - this.began;
    }
  }

  Object.assign(window.ChunkedUploads, { Above });
})();
