"use strict";

/*
 * Bytes, speeds, shares and durations as text, in the reader's language.
 */
(function () {
  const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

  /** A number of bytes in the unit that suits it, or in that of another number. */
  function scale(count, power = powerOf(count)) {
    const value = count / 1000 ** power;
    const isFine = power > 2 ? value < 99.95 : power > 0 && value < 9.95;
    return { value, unit: UNITS[power], digits: isFine ? 1 : 0 };
  }

  function powerOf(count) {
    let power = 0;
    // 999.5 would be rounded to 1000.
    while (count / 1000 ** power >= 999.5 && power < UNITS.length - 1) power += 1;
    return power;
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
      // Nobody knows what "B" is, and a limit of 8 GB is none of 8.0.
      return this.quantity(value, unit, digits, unit === "byte" ? "long" : "short", 0);
    }

    /** A number of bytes without its unit, which is that of `total`. */
    part(count, total) {
      const { value } = scale(count, powerOf(total));
      const { digits } = scale(total);
      return this.number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    }

    /** Bytes per second. */
    speed(count) {
      const { value, unit, digits } = scale(count);
      return this.quantity(value, `${unit}-per-second`, digits, "short");
    }

    quantity(value, unit, digits, unitDisplay, least = digits) {
      return this.number(value, {
        style: "unit",
        unit,
        unitDisplay,
        minimumFractionDigits: least,
        maximumFractionDigits: digits,
      });
    }

    percent(count) {
      return this.number(count / 100, { style: "percent" });
    }

    unit(value, unit) {
      return this.number(value, { style: "unit", unit, unitDisplay: "short" });
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
      if (!Intl.ListFormat) return parts.join(" ");
      return new Intl.ListFormat(this.language, { type: "unit", style: "narrow" }).format(parts);
    }
  }

  Object.assign(window.ChunkedUploads, { Formatter });
})();
