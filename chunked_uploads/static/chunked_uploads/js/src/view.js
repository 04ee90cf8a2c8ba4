"use strict";

/*
 * What is seen and heard of one uploader. A page with markup of its own may have some of
 * the parts, or none.
 */
(function () {
  const { Above, List, Piece, Speaking, Summary, Texts, bringIcons } = window.ChunkedUploads;
  const { isWorthRetrying, mediaOf } = window.ChunkedUploads;

  const REDRAW = 100; // milliseconds between two pictures of the progress
  const HURRIED_REDRAW = 300; // where there are many files
  const MANY = 50; // files
  const COARSE = "(hover: none) and (pointer: coarse)";

  class View extends Piece {
    /** `pictures` draws what the files look like; `limits` are those of the server. */
    constructor(root, { limits, notification, pictures, queue }) {
      super(root);
      bringIcons();
      this.queue = queue;
      this.limits = limits;
      this.isMultiple = root.dataset.multiple !== "false";
      this.isCompact = root.classList.contains("chunked-uploads-compact");
      this.texts = new Texts(root);
      this.speaking = new Speaking(this.find("live"), this.texts);
      this.above = new Above(root, this.texts, () => this.focus());
      this.pictures = pictures;
      this.changed = new Set(); // uploads
      this.redraw = null; // a timer
      this.limitsText = ""; // what is taken, in words
      this.drawn = 0; // when it was drawn last, of performance.now()
      this.hasEnded = false;
      this.listening = new AbortController();
      const tools = { texts: this.texts, focusElsewhere: () => this.focus() };
      const summary = this.find("summary");
      this.summary = summary && new Summary(summary, { ...tools, notification });
      this.list = this.makeList(tools);
      this.renderDrop();
      this.clear();
    }

    makeList(tools) {
      const [list, row, fold] = ["list", "row-template", "fold-template"].map((part) => this.find(part));
      if (!list || !row || !fold) return null;
      const { isCompact, pictures } = this;
      const made = new List(list, { ...tools, rowTemplate: row, foldTemplate: fold, isCompact, pictures });
      // A finger stays nowhere.
      const hold = ({ pointerType }) => pointerType !== "touch" && made.hold(() => this.renderSoon());
      const release = () => {
        made.release();
        this.renderSoon();
      };
      const { signal } = this.listening;
      ["pointermove", "keydown", "focusin"].forEach((name) => list.addEventListener(name, hold, { signal }));
      // What was begun to be pressed stays where it is until it is.
      list.addEventListener("pointerdown", () => made.hold(() => this.renderSoon()), { signal });
      const leave = (event) => event.pointerType !== "touch" && release();
      ["pointerleave", "focusout"].forEach((name) => list.addEventListener(name, leave, { signal }));
      return made;
    }

    /** Show no file, also where the partial was used before it was put here. */
    clear() {
      if (this.list) {
        this.list.element.replaceChildren();
        this.list.element.hidden = true;
      }
      if (this.summary) this.summary.element.hidden = true;
      this.element.dataset.state = "idle";
      if (this.find("drop")) this.find("drop").hidden = false;
    }

    /** Draw no more: the partial was taken out, and may be put back for another view. */
    end() {
      this.hasEnded = true;
      this.listening.abort();
      this.above.end();
      this.pictures.end();
    }

    // --- where files come in ---

    renderDrop() {
      const { element, texts } = this;
      const isCoarse = window.matchMedia(COARSE).matches;
      element.dataset.pointer = isCoarse ? "coarse" : "fine";
      this.renderInvitation();
      const { types, size } = texts.limits(this.limits, this.isMultiple);
      this.limitsText = [types, ...size].filter(Boolean).join(", ");
      this.put("limits", this.limitsText);
      const input = this.find("input");
      if (input && this.limits.accept.length) input.accept = this.limits.accept.join(",");
      const hasMedia = mediaOf(this.limits.accept).length > 0;
      element.querySelectorAll("[data-action=gallery], [data-action=camera]").forEach((button) => {
        button.hidden = !hasMedia;
      });
    }

    renderInvitation() {
      const { element, isMultiple, texts } = this;
      const isCoarse = element.dataset.pointer === "coarse";
      const hasFiles = element.dataset.state === "filled" && isMultiple;
      const kind = kindOf(this.limits.accept, isCoarse);
      const what = hasFiles ? "-more" : isMultiple ? kind : (isCoarse && kind) || "-one";
      this.put("invitation", texts.text(`${isCoarse ? "add" : "drop"}${what}`));
    }

    /** While files are dragged over the page: `count` of them, null where nobody tells. */
    showDrag(drag) {
      if (!drag) {
        this.above.hideOverlay();
        return;
      }
      const { element, texts } = this;
      const { name } = element.dataset;
      const key = !name || !drag.count ? "over-here" : drag.count > 1 ? "over" : "over-one";
      const text = texts.count(key, drag.count, { name });
      this.above.showOverlay(text, this.limitsText, this.find("fan"));
    }

    /** Say that nobody is logged in, or no more. */
    showLogin(isMissing) {
      const login = this.find("login");
      if (!login) return;
      login.hidden = !isMissing;
      const link = login.querySelector("a[href]");
      if (isMissing && link) link.href = returning(link.href);
    }

    /** The focus goes to where files come in. */
    focus() {
      const button = [...this.element.querySelectorAll(".chunked-uploads-ways button")].find(
        (each) => each.offsetParent !== null,
      );
      if (button) button.focus();
    }

    // --- the files ---

    note(upload) {
      if (this.list) {
        if (upload.isCancelled) this.list.drop(upload);
        else this.list.note(upload);
      }
      this.changed.add(upload);
      this.renderSoon();
    }

    remove(upload) {
      if (this.list) this.list.drop(upload);
      this.renderSoon();
    }

    /** The focus goes to the row of an upload, at once. */
    focusRow(upload) {
      this.render();
      const row = this.list && this.list.rows.get(upload);
      if (row) row.focus();
    }

    uploadOf(element) {
      return this.list && element ? this.list.uploadOf(element) : null;
    }

    uploadsOf(element) {
      return this.list && element ? this.list.uploadsOf(element) : [];
    }

    showProgress(upload) {
      this.changed.add(upload);
      this.renderSoon();
    }

    /** Show what changed in a moment, however often it changes until then. */
    renderSoon() {
      const { queue } = this;
      const isEnd = !queue.isGoing; // which nobody shall wait for
      if (this.redraw !== null && !isEnd) return;
      clearTimeout(this.redraw);
      const pause = queue.completeness.count > MANY ? HURRIED_REDRAW : REDRAW;
      const wait = isEnd ? 0 : Math.max(0, this.drawn + pause - performance.now());
      this.redraw = setTimeout(() => {
        this.redraw = null;
        if (!this.hasEnded) this.render();
      }, wait);
    }

    render() {
      this.drawn = performance.now();
      const total = this.queue.total();
      this.speaking.announceProgress(total.percent);
      const isFocusLost = this.renderState(this.queue.shown > 0);
      if (this.list) this.list.render(this.changed);
      if (isFocusLost && this.list) [...this.list.rows.values()].slice(0, 1).forEach((row) => row.focus());
      this.changed.clear();
      const canRetry = this.queue.failed.some(({ failure }) => isWorthRetrying(failure));
      if (this.summary) this.summary.render(total, canRetry);
      if (this.summary && this.isCompact) this.summary.element.hidden = true;
    }

    /** Returns whether the focus was in what is hidden now. */
    renderState(hasFiles) {
      const { element } = this;
      const state = hasFiles ? "filled" : "idle";
      const drop = this.find("drop");
      const isFocusLost = Boolean(drop) && this.isCompact && hasFiles && drop.contains(document.activeElement);
      // In a form the file stands where it came in.
      if (drop && this.isCompact) drop.hidden = hasFiles;
      if (element.dataset.state !== state) {
        element.dataset.state = state;
        this.renderInvitation();
      }
      return isFocusLost;
    }

    // --- what is told ---

    /** Tell the visitor something that is not of one row. */
    tell(text, options) {
      if (!text && !options) return;
      const isInForm = this.isCompact && !options;
      if (isInForm) this.showError(text);
      else this.above.tell(text, options);
      this.speaking.say(text);
    }

    /** What is wrong with the field, in a form. */
    showError(text) {
      const error = this.find("error");
      if (!error) return;
      this.element.toggleAttribute("data-invalid", Boolean(text));
      error.firstElementChild.textContent = text;
      error.hidden = !text;
    }
  }

  /** A login's URL with the way back, which no server knows that renders a fragment. */
  function returning(url) {
    const { origin, pathname, search, href } = window.location;
    const target = new URL(url);
    target.searchParams.set("next", target.origin === origin ? pathname + search : href);
    return target.href;
  }

  /** The end of the key of the invitation for what is taken. */
  function kindOf(accept, isCoarse) {
    const kinds = new Set(accept.map((token) => token.replace(/\/.*$/, "")));
    const only = (...wanted) => kinds.size && [...kinds].every((kind) => wanted.includes(kind));
    if (only("image")) return "-image";
    if (only("video")) return "-video";
    return isCoarse && only("image", "video") ? "-media" : "";
  }

  Object.assign(window.ChunkedUploads, { View });
})();
