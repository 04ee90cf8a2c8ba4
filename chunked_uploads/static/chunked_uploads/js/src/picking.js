"use strict";

/*
 * The dialogues by which a visitor chooses files: the browser's inputs, and on desktops
 * its picker, whose files the page may have again after it was closed.
 */
(function () {
  const { fromHandle, mediaOf, pickerTypes } = window.ChunkedUploads;

  const ID = "chunked-uploads"; // by which the browser remembers the folder

  class Picking {
    constructor(uploader) {
      this.uploader = uploader;
    }

    /** Resolves to what was picked, perhaps nothing, or to null where an input brings it. */
    async choose() {
      const { accept } = this.uploader.limits;
      const types = pickerTypes(accept);
      if (!types || !this.hasPicker) return this.open("input", accept);
      try {
        const multiple = this.uploader.isSet("multiple");
        const handles = await window.showOpenFilePicker({ id: ID, multiple, types });
        return await Promise.all(handles.map(fromHandle));
      } catch (error) {
        // A policy of the page forbids the picker, not the input.
        return error.name === "AbortError" ? [] : this.open("input", accept);
      }
    }

    // Frames of others are not allowed to; by finger the input is the device's own dialogue.
    get hasPicker() {
      const isByFinger = this.uploader.root.dataset.pointer === "coarse";
      return "showOpenFilePicker" in window && window.self === window.top && !isByFinger;
    }

    /** Photos and videos that the device has, or with `isNew` those that its camera makes. */
    chooseMedia(isNew) {
      const { accept } = this.uploader.limits;
      const media = mediaOf(accept);
      this.open(isNew ? "camera-input" : "input", media.length ? media : accept);
    }

    open(name, accept) {
      const input = this.uploader.root.querySelector(`.chunked-uploads-${name}`);
      input.accept = accept.join(",");
      input.click();
      return null;
    }
  }

  Object.assign(window.ChunkedUploads, { Picking });
})();
