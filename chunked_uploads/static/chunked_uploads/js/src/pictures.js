"use strict";

/*
 * Pictures on the tiles of images and films: of those in sight, small, one at a time. They
 * are made beside the page by pictures.worker.js, which comes when the first is wanted.
 */
(function () {
  const { icon, typeOf } = window.ChunkedUploads;

  const SIDE = 80; // pixels of the canvas
  const KEPT = 100; // pictures at most, but for those in sight
  const FACE = "chunked-uploads-face";
  const KINDS = ["image", "video"];

  class Pictures {
    /** `url` is the worker's; without one, or with another origin's, tiles stay as they are. */
    constructor(url) {
      this.url = window.Worker ? url : "";
      this.worker = null;
      this.files = new Map(); // tile -> file
      this.inSight = new Set(); // tiles
      this.wanted = new Set(); // those of them that wait for their picture
      this.faces = new Map(); // tile -> what its picture took the place of; the last seen last
      this.hopeless = new WeakSet(); // files
      this.isDrawing = false;
      this.observer = new IntersectionObserver((seen) => this.look(seen), { rootMargin: "100px" });
    }

    /** Show on its tile what a file looks like, when that is in sight. */
    watch(tile, file) {
      if (this.files.get(tile) === file) return;
      this.unwatch(tile);
      if (!this.url || !KINDS.includes(kindOf(file))) return;
      this.files.set(tile, file);
      this.observer.observe(tile);
    }

    /** Let a tile be as it was. */
    unwatch(tile) {
      if (!this.files.delete(tile)) return;
      this.observer.unobserve(tile);
      this.inSight.delete(tile);
      this.wanted.delete(tile);
      this.putBack(tile);
    }

    /** Let go of everything. */
    end() {
      this.observer.disconnect();
      [...this.files.keys()].forEach((tile) => this.unwatch(tile));
      this.url = "";
      if (this.worker) this.worker.terminate();
      this.worker = null;
    }

    look(seen) {
      seen.forEach(({ target, isIntersecting }) => {
        this.inSight.delete(target);
        this.wanted.delete(target);
        if (!isIntersecting || !this.files.has(target)) return;
        this.inSight.add(target);
        const face = this.faces.get(target);
        this.faces.delete(target);
        if (face) this.faces.set(target, face);
        else this.wanted.add(target);
      });
      this.drawWanted();
    }

    async drawWanted() {
      if (this.isDrawing) return;
      this.isDrawing = true;
      for (const tile of this.wanted) {
        this.wanted.delete(tile);
        await this.draw(tile, this.files.get(tile));
      }
      this.isDrawing = false;
    }

    async draw(tile, file) {
      if (!this.url || this.hopeless.has(file)) return;
      try {
        const canvas = paint(await this.ask(file));
        if (this.files.get(tile) === file && !this.faces.has(tile)) this.put(tile, canvas, file);
      } catch (error) {
        this.hopeless.add(file); // too large, broken, or nothing that this browser knows
      }
    }

    /** Resolves to { bitmap, turn } of a file; rejects where it has no picture. */
    ask(file) {
      const { url } = this;
      this.url = ""; // in case that the browser refuses it
      this.worker = this.worker || new Worker(url);
      this.url = url;
      return new Promise((resolve, reject) => {
        this.worker.onmessage = ({ data }) => (data ? resolve(data) : reject());
        this.worker.onerror = (event) => {
          this.url = ""; // it could not be loaded, or has died
          reject(event);
        };
        this.worker.postMessage({ file, kind: kindOf(file) });
      });
    }

    put(tile, canvas, file) {
      const face = tile.querySelector(`.${FACE}`);
      if (!face) return;
      face.replaceWith(canvas);
      this.faces.set(tile, face);
      if (kindOf(file) === "video") {
        const sign = icon("play-small");
        sign.setAttribute("class", "chunked-uploads-film");
        canvas.after(sign);
      }
      const unseen = [...this.faces.keys()].filter((each) => !this.inSight.has(each));
      unseen.slice(0, Math.max(0, this.faces.size - KEPT)).forEach((each) => this.putBack(each));
    }

    putBack(tile) {
      const face = this.faces.get(tile);
      if (!face) return;
      this.faces.delete(tile);
      const sign = tile.querySelector(".chunked-uploads-film");
      const canvas = tile.querySelector(`canvas.${FACE}`);
      if (sign) sign.remove();
      if (canvas) canvas.replaceWith(face);
    }
  }

  function kindOf({ name, type }) {
    return typeOf(name, type);
  }

  /** A canvas that the picture fills, turned by quarters; what hangs over is cut. */
  function paint({ bitmap, turn }) {
    const { width, height } = bitmap;
    const canvas = document.createElement("canvas");
    canvas.className = FACE;
    canvas.width = canvas.height = SIDE;
    const context = canvas.getContext("2d");
    const scale = SIDE / Math.min(width, height);
    context.imageSmoothingQuality = "high";
    context.translate(SIDE / 2, SIDE / 2);
    context.rotate((turn * Math.PI) / 2);
    context.scale(scale, scale);
    context.drawImage(bitmap, -width / 2, -height / 2);
    bitmap.close();
    return canvas;
  }

  Object.assign(window.ChunkedUploads, { Pictures });
})();
