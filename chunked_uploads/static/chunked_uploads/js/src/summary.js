"use strict";

/*
 * The line that sums up all files: who reads only that one knows the truth.
 */
(function () {
  const { Piece } = window.ChunkedUploads;

  const WORTH_NOTIFYING = 20; // seconds left

  class Summary extends Piece {
    constructor(element, { texts, notification, focusElsewhere }) {
      super(element);
      this.texts = texts;
      this.notification = notification;
      this.focusElsewhere = focusElsewhere;
      const headline = this.find("headline");
      this.counts = headline ? [...headline.querySelectorAll("span")] : [];
      this.buttons = [...element.querySelectorAll("[data-action]")];
    }

    /** Of the totals of a queue; `canRetry` says whether it helps any that failed. */
    render(total, canRetry) {
      const isEnded = !total.isGoing && !total.isResting;
      const { count, missing, refused } = total;
      this.element.hidden = count + refused + (count ? missing : 0) < 2;
      this.element.dataset.state = stateOf(total, isEnded);
      const texts = isEnded ? this.texts.end(total) : this.wayTexts(total);
      this.counts.forEach((span, i) => {
        const text = texts[i] || "";
        if (span.textContent !== text) span.textContent = text;
        span.hidden = !text;
      });
      this.renderFigures(total, isEnded);
      this.renderRing(total, isEnded);
      this.renderActions(total, isEnded, canRetry);
    }

    wayTexts(total) {
      const { format } = this.texts;
      const values = { done: format.number(total.complete), count: format.number(total.count) };
      const way = this.texts.text("complete-of", values);
      return [way, ...this.texts.counts(total, ["failed", "refused", "missing"])];
    }

    renderFigures({ count, done, sent, size, speed, timeLeft, seconds }, isEnded) {
      const { texts } = this;
      const { format } = texts;
      const time = format.duration(seconds);
      const took = seconds && done ? texts.text("took", { size: format.bytes(done), time }) : "";
      const bytes = isEnded ? took || format.bytes(done) : texts.share(sent, size);
      this.put("bytes", count ? bytes : "");
      this.put("speed", speed === null ? "" : format.speed(speed));
      this.put("left", texts.timeLeft(timeLeft));
    }

    /** Green as far as files are complete and red for what failed, at the end. */
    renderRing({ complete, count, failed, missing, percent }, isEnded) {
      const ring = this.find("ring");
      if (!ring) return;
      const { format } = this.texts;
      const all = count + missing;
      const isWell = isEnded && complete === all;
      const done = `${format.number(complete)}/${format.number(all)}`;
      ring.hidden = !count;
      const isOfFiles = isEnded && all > 0;
      this.fill(ring, isOfFiles ? complete / all : percent / 100, isOfFiles ? done : format.percent(percent));
      ring.style.setProperty("--chunked-uploads-part-bad", isOfFiles ? failed / all : 0);
      const tick = this.find("ring-tick");
      if (tick) tick.toggleAttribute("hidden", !isWell);
      this.put("ring-text", isWell ? "" : isEnded ? done : format.number(percent));
    }

    renderActions(total, isEnded, canRetry) {
      const { isGoing, timeLeft, failed, refused, missing, complete, ready, paused } = total;
      const isLong = timeLeft === null || timeLeft > WORTH_NOTIFYING;
      const shown = {
        startAll: ready > 0,
        notify: isGoing && isLong && this.notification.isOffered,
        resumeAll: paused > 0,
        pauseAll: isGoing,
        withdrawAll: isGoing || paused + failed > 0,
        clear: complete + refused > 0,
        show: isEnded && failed + refused + missing > 0,
        retryFailed: isEnded && canRetry,
      };
      const focused = this.buttons.find((button) => button === document.activeElement);
      this.buttons.forEach((button) => {
        button.hidden = !shown[button.dataset.action];
      });
      if (!focused || (!focused.hidden && !this.element.hidden)) return;
      // The button that had the focus is gone: its successor takes it.
      const next = this.element.hidden ? null : this.buttons.find((button) => !button.hidden);
      if (next) next.focus();
      else this.focusElsewhere();
    }
  }

  /** What its ring looks like. */
  function stateOf({ isGoing }, isEnded) {
    if (isGoing) return "uploading";
    return isEnded ? "complete" : "paused";
  }

  Object.assign(window.ChunkedUploads, { Summary });
})();
