"use strict";

/*
 * Which uploads are in which state, kept as they change: to count thousands of them for
 * each step of each would cost more than to send them.
 */
(function () {
  class Register {
    constructor() {
      this.states = new Map(); // upload -> the state that it was noted in
      this.uploads = new Map(); // state -> Set of uploads, in the order they came to it
      this.sizes = new Map(); // state -> bytes of them
    }

    /** Note the state that an upload is in now. */
    note(upload) {
      const { state } = upload;
      if (this.states.get(upload) === state) return;
      this.drop(upload);
      this.states.set(upload, state);
      if (!this.uploads.has(state)) this.uploads.set(state, new Set());
      this.uploads.get(state).add(upload);
      this.sizes.set(state, (this.sizes.get(state) || 0) + upload.size);
    }

    drop(upload) {
      const state = this.states.get(upload);
      if (!state) return;
      this.uploads.get(state).delete(upload);
      this.sizes.set(state, this.sizes.get(state) - upload.size);
      this.states.delete(upload);
    }

    has(upload) {
      return this.states.has(upload);
    }

    count(...states) {
      const sizes = states.map((state) => (this.uploads.has(state) ? this.uploads.get(state).size : 0));
      return sizes.reduce((sum, size) => sum + size, 0);
    }

    /** The uploads in any of the states, by state. */
    list(...states) {
      return states.flatMap((state) => [...(this.uploads.get(state) || [])]);
    }

    /** Bytes of the uploads in a state. */
    size(state) {
      return this.sizes.get(state) || 0;
    }
  }

  Object.assign(window.ChunkedUploads, { Register });
})();
