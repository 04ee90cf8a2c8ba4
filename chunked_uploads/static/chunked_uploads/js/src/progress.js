"use strict";

/*
 * How fast it goes, and how to say it in the reader's language.
 */
(function () {
  const WINDOW = 10000; // milliseconds that a speed is the mean of
  const FIRST_SPEED_AFTER = 1500; // milliseconds; an earlier one is a guess
  const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

  /** The mean speed of the last ten seconds: a pause in the flow slows it down. */
  class SpeedMeter {
    constructor() {
      this.reset();
    }

    reset() {
      this.samples = [];
    }

    /** Note that `bytes` of the file are sent now. */
    add(bytes, now = performance.now()) {
      const last = this.samples[this.samples.length - 1];
      if (last && bytes < last.bytes) this.reset();
      this.samples.push({ bytes, now });
      // The oldest that is kept is the last one outside of the window.
      while (this.samples.length > 2 && now - this.samples[1].now > WINDOW) {
        this.samples.shift();
      }
    }

    /** Bytes per second; null where it is too early to tell. */
    speed(now = performance.now()) {
      if (this.samples.length < 2) return null;
      const first = this.samples[0];
      const last = this.samples[this.samples.length - 1];
      const elapsed = now - first.now;
      if (elapsed < FIRST_SPEED_AFTER) return null;
      return ((last.bytes - first.bytes) * 1000) / elapsed;
    }
  }

  /**
   * What is shown of the bytes that are there, of a file of `size`: it never goes back.
   * Where fewer are there than was shown, the rest of the way makes good for it, little
   * by little, so that it does not stand still either.
   */
  class ShownBytes {
    /** Of which `there` bytes are there, and `shown` were shown already. */
    constructor(size, there = 0, shown = 0) {
      this.size = size;
      this.bytes = Math.min(Math.max(there, shown), size);
      this.base = { there, shown: this.bytes };
    }

    /** Note that `there` bytes are there. */
    note(there) {
      const { base, size } = this;
      const way = size - base.there;
      const share = way > 0 ? (there - base.there) / way : 1;
      const bytes = Math.round(base.shown + share * (size - base.shown));
      if (bytes < this.bytes) this.base = { there, shown: this.bytes };
      else this.bytes = Math.min(bytes, size);
    }
  }

  /** A number of bytes in the unit that suits it, to three digits. */
  function scale(count) {
    let value = count;
    let power = 0;
    // 999.5 would be rounded to 1000.
    while (value >= 999.5 && power < UNITS.length - 1) {
      value /= 1000;
      power += 1;
    }
    const digits = power === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return { value, unit: UNITS[power], digits };
  }

  /** Bytes, shares and durations as text in `language`. */
  class Formatter {
    constructor(language) {
      this.language = language || undefined;
      this.formats = new Map();
    }

    number(value, options) {
      const key = JSON.stringify(options);
      if (!this.formats.has(key)) {
        this.formats.set(key, new Intl.NumberFormat(this.language, options));
      }
      // A number and its unit stay on one line.
      return this.formats.get(key).format(value).replace(/ /g, "\u00a0").replace("/", "/\u2060");
    }

    bytes(count) {
      const { value, unit, digits } = scale(count);
      // Nobody knows what "B" is.
      return this.quantity(value, unit, digits, unit === "byte" ? "long" : "short");
    }

    /** Bytes per second. */
    speed(count) {
      const { value, unit, digits } = scale(count);
      return this.quantity(value, `${unit}-per-second`, digits, "short");
    }

    quantity(value, unit, digits, unitDisplay) {
      return this.number(value, {
        style: "unit",
        unit,
        unitDisplay,
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      });
    }

    percent(count) {
      return this.number(count / 100, { style: "percent" });
    }

    unit(value, unit) {
      return this.number(value, { style: "unit", unit, unitDisplay: "long" });
    }

    /** A duration as somebody would say it: no more precise than it can be. */
    duration(seconds) {
      if (seconds < 60) return this.unit(Math.max(5, Math.ceil(seconds / 5) * 5), "second");
      const minutes = Math.ceil(seconds / 60);
      if (minutes < 60) return this.unit(minutes, "minute");
      const hours = Math.floor(minutes / 60);
      if (hours >= 24) return this.unit(Math.round(hours / 24), "day");
      const rest = minutes % 60;
      const parts = [this.unit(hours, "hour"), ...(rest ? [this.unit(rest, "minute")] : [])];
      return new Intl.ListFormat(this.language, { type: "unit", style: "narrow" }).format(parts);
    }
  }

  Object.assign(window.ChunkedUploads, { Formatter, ShownBytes, SpeedMeter });
})();
