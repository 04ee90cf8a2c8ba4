"use strict";

/*
 * The page's own words, and numbers in its language. A page changes a text by
 * `data-text-KEY` of the uploader, or in `chunkeduploads:text`.
 */
(function () {
  const { Formatter } = window.ChunkedUploads;

  const WORDS = { "image/*": "images", "video/*": "videos", "audio/*": "audio", "text/*": "text" };

  class Texts {
    constructor(root) {
      this.root = root;
      this.format = new Formatter(root.lang || document.documentElement.lang);
      const messages = root.querySelector(".chunked-uploads-messages");
      this.messages = messages && messages.content;
      this.found = new Map();
    }

    /** A translated sentence of the page, with its {gaps} filled. */
    text(key, values = {}) {
      return this.template(key).replace(/\{(\w+)\}/g, (gap, name) => values[name]);
    }

    template(key) {
      if (!this.found.has(key)) this.found.set(key, this.find(key));
      return this.found.get(key);
    }

    find(key) {
      const { messages, root } = this;
      const message = messages && messages.querySelector(`[data-message="${key}"]`);
      const own = root.getAttribute(`data-text-${key}`);
      const detail = { key, text: own === null ? (message ? message.textContent : "") : own };
      root.dispatchEvent(new CustomEvent("chunkeduploads:text", { bubbles: true, detail }));
      return String(detail.text);
    }

    /** A count of something, as {count} of a text. */
    count(key, count, values = {}) {
      return this.text(key, { count: this.format.number(count), ...values });
    }

    /** How much there is of something, or of how much. */
    share(sent, total) {
      if (!sent || sent >= total) return this.format.bytes(total);
      const { format } = this;
      return this.text("bytes", { sent: format.part(sent, total), total: format.bytes(total) });
    }

    /** How many there are of each state that has any, as parts of a sentence. */
    counts(total, states) {
      return states.filter((state) => total[state]).map((state) => this.count(`${state}-count`, total[state]));
    }

    /** How all ended, part by part. */
    end(total) {
      const { complete, count } = total;
      const isWell = count > 1 && complete === count && !total.refused && !total.missing;
      if (isWell) return [this.count("all-complete", count)];
      return this.counts(total, ["complete", "refused", "failed", "missing"]);
    }

    timeLeft(seconds) {
      return seconds ? this.text("time-left", { time: this.format.duration(seconds) }) : "";
    }

    /** What an uploader takes, in a few words; `types` and `size` apart. */
    limits({ accept, maxSize, maxFiles }, isMultiple) {
      const { format } = this;
      const size = maxSize < Infinity && format.bytes(maxSize);
      return {
        types: this.types(accept),
        size: [
          size ? this.text(isMultiple ? "up-to-each" : "up-to", { size }) : "",
          maxFiles < Infinity && isMultiple ? this.count("at-most", maxFiles) : "",
        ].filter(Boolean),
      };
    }

    /** The tokens of an `accept` in a few words: "MP4 or MOV". */
    types(accept) {
      const short = (token) => token.replace(/^\.|^.*\//, "").toUpperCase();
      const unique = [...new Set(accept.map((token) => this.word(token) || short(token)))];
      if (!Intl.ListFormat) return unique.join(", "); // Safari before 14.1
      return new Intl.ListFormat(this.format.language, { type: "disjunction" }).format(unique);
    }

    /** The same to the letter: ".mp4, .mov". */
    tokens(accept) {
      return accept.map((token) => this.word(token) || token).join(", ");
    }

    word(token) {
      return WORDS[token] ? this.text(WORDS[token]) : "";
    }
  }

  Object.assign(window.ChunkedUploads, { Texts });
})();
