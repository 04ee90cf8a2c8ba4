"use strict";

/*
 * The rows that stand for several uploads: a fold, which opens, and what was not taken
 * for one reason.
 */
(function () {
  const { Piece, describe, icon } = window.ChunkedUploads;

  const NAMED = 3; // of the files that were not taken

  /** A count with a button: `press` is called when it is pressed. */
  class Fold extends Piece {
    constructor({ template, press, sign, state }) {
      super(template.content.firstElementChild.cloneNode(true));
      this.button = this.element.querySelector("button");
      this.button.addEventListener("click", press);
      this.element.dataset.state = state;
      this.find("face").append(icon(sign));
    }

    render(name, facts, isOpen) {
      this.put("name", name);
      this.put("bytes", facts);
      this.button.setAttribute("aria-expanded", String(isOpen));
    }

    focus() {
      this.button.focus();
    }
  }

  /** The files that were not taken for one reason. */
  class Refusals extends Piece {
    constructor({ template, texts }) {
      super(template.content.firstElementChild.cloneNode(true));
      this.texts = texts;
      this.uploads = [];
      this.isOpen = false; // so that all names are there
      this.button = null;
      this.element.dataset.state = "refused";
      ["status", "percent", "bytes", "speed", "left", "why"].forEach((part) => this.put(part, ""));
      this.element.querySelectorAll("[data-action]").forEach((button) => {
        button.hidden = button.dataset.action !== "dismiss";
        if (!button.hidden) this.button = button;
      });
      this.label = this.button ? this.button.getAttribute("aria-label") : "";
      const tile = this.find("tile");
      if (tile) tile.classList.add("chunked-uploads-pile");
      if (tile) tile.firstElementChild.append(icon("refused"));
      if (this.find("name")) this.find("name").classList.add("chunked-uploads-name-whole");
    }

    render(uploads, reason) {
      this.uploads = uploads;
      const { texts } = this;
      const title = texts.count("not-taken", uploads.length, { reason });
      this.put("name", title);
      const names = uploads.map(({ name }) => name);
      const shown = this.isOpen ? names : names.slice(0, NAMED);
      const more = names.length - shown.length;
      const listed = shown.concat(more ? [texts.count("and-more", more)] : []);
      this.put("bytes", listed.join(", "));
      if (this.button) this.button.setAttribute("aria-label", `${this.label}: ${title}`);
    }

    focus() {
      (this.button || this.element).focus();
    }
  }

  /** Why an upload was not taken, as the visitor reads it. */
  function reasonOf({ failure }, texts) {
    return failure ? describe(failure, texts).sentence.replace(/\.$/, "") : "";
  }

  Object.assign(window.ChunkedUploads, { Fold, Refusals, reasonOf });
})();
