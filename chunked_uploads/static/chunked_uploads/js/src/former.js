"use strict";

/*
 * A file that a form has before the visitor chooses one: that of the model, or the one
 * that was uploaded before the form came back with errors.
 */
(function () {
  class Former {
    /** `box` is the checkbox that speaks for it where there are no scripts, or null. */
    constructor({ dataset }, box) {
      const { name, bytes, url, claim } = dataset;
      this.box = box;
      this.isKept = Boolean(claim); // and goes along by its claim
      // Without a box nobody can do without it: the model has to have a file.
      this.file = { name, size: bytes ? Number(bytes) : null, url, isFixed: !box };
      this.isRemoved = false; // by the visitor
      this.upload = null; // its row
    }

    show(uploader) {
      this.upload = uploader.addFinished(this.file);
    }

    remove() {
      this.isRemoved = true;
    }

    restore() {
      this.isRemoved = false;
    }

    /** Whether it is what the form has; else `isReplaced` says that a new file is. */
    use(isUsed, isReplaced) {
      if (!this.box) return;
      // A box of the model's file says that it shall go, and contradicts any other.
      this.box.checked = this.isKept ? isUsed : this.isRemoved && !isReplaced;
    }
  }

  /** The formers of a field, the last of which stands before the others. */
  function formersOf(element) {
    const [kept] = element.getElementsByClassName("chunked-uploads-field-kept");
    const boxes = [...element.querySelectorAll(".chunked-uploads-field-plain [type=checkbox]")];
    const clear = boxes.find((box) => box !== kept) || null;
    const former = [...element.getElementsByClassName("chunked-uploads-field-former")];
    return former.map((each) => new Former(each, each.dataset.claim ? kept : clear));
  }

  Object.assign(window.ChunkedUploads, { formersOf });
})();
