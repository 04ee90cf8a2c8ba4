"use strict";

/*
 * For a visitor who is elsewhere while files are on their way, whichever uploaders of the
 * page they are in: the progress in the page's title, a screen that stays on (a phone
 * that sleeps sends nothing), and a notification at the end where it was asked for.
 */
(function () {
  if (window.ChunkedUploads.notification) return; // brought twice: there is one title

  const uploaders = new Set(); // those of the page

  const PAUSE = 500; // milliseconds between two looks
  const NEWS = ["start", "progress", "stop", "withdraw", "restore", "remove", "idle"];

  // --- the title ---

  class Title {
    constructor() {
      this.prefix = ""; // ours
    }

    /** Put `text` before the page's title, whatever the page made of it meanwhile. */
    show(text) {
      const title = this.ofPage;
      const prefix = text && title ? `${text} · ` : text;
      if (prefix === this.prefix && document.title.includes(prefix)) return;
      this.prefix = prefix;
      document.title = prefix + title;
    }

    get ofPage() {
      return document.title.replace(this.prefix, () => "");
    }
  }

  // --- the screen ---

  class Screen {
    constructor() {
      this.isWanted = false;
      this.isAsking = false;
      this.isRefused = false; // by the browser, as it may to save the battery
      this.lock = null;
    }

    keepOn(isWanted) {
      this.isWanted = isWanted;
      if (isWanted) this.ask();
      else this.release();
    }

    async ask() {
      const { wakeLock } = navigator;
      if (!wakeLock || this.lock || this.isAsking || this.isRefused || document.hidden) return;
      this.isAsking = true;
      this.lock = await wakeLock.request("screen").catch(() => null);
      this.isAsking = false;
      this.isRefused = !this.lock;
      if (!this.isWanted) this.release();
    }

    release() {
      if (this.lock) this.lock.release().catch(() => {});
      this.lock = null;
    }

    /** The page was hidden, which ended the lock, or is seen again. */
    change() {
      if (document.hidden) this.lock = null;
      this.isRefused = false;
      if (this.isWanted) this.ask();
    }
  }

  // --- the notification ---

  class NotificationAtEnd {
    constructor() {
      this.isAsked = false;
      this.isPossible = null; // to ask the browser takes its time
    }

    /** Whether the visitor may ask for it, and has not. */
    get isOffered() {
      if (this.isPossible === null) this.isPossible = this.askBrowser();
      return this.isPossible && !this.isAsked;
    }

    askBrowser() {
      return (
        window.isSecureContext &&
        "Notification" in window &&
        Notification.permission !== "denied" &&
        // Phones have them of service workers alone.
        !matchMedia("(pointer: coarse)").matches
      );
    }

    /** Resolves to whether there will be one: the browser asks the visitor too. */
    async ask() {
      const permission = await new Promise((resolve) => {
        const asking = Notification.requestPermission(resolve); // as it was in old Safari
        if (asking) asking.then(resolve);
      });
      this.isAsked = permission === "granted";
      this.isPossible = permission !== "denied";
      return this.isAsked;
    }

    show(title, body) {
      if (!title || !this.isAsked || !(document.hidden || !document.hasFocus())) return;
      const notice = new Notification(title, { body, tag: "chunked-uploads" });
      notice.onclick = () => {
        window.focus();
        notice.close();
      };
    }
  }

  const title = new Title();
  const screen = new Screen();
  const notification = new NotificationAtEnd();
  let isGoing = false;
  let timer = null;

  /** Look at all uploaders of the page, and act by what has changed. */
  function look() {
    timer = null;
    const all = [...uploaders].map((uploader) => ({ uploader, ...uploader.queue.total() }));
    const filled = all.filter(({ count, refused }) => count + refused > 0);
    const wasGoing = isGoing;
    isGoing = filled.some((total) => total.isGoing);
    screen.keepOn(isGoing);
    title.show(isGoing ? textsOf(filled).format.percent(percentOf(filled)) : "");
    const isEnd = wasGoing && !isGoing && !filled.some(({ isResting }) => isResting);
    if (isEnd && filled.length) notification.show(summaryOf(filled), title.ofPage);
  }

  function textsOf([{ uploader }]) {
    return uploader.view.texts;
  }

  const sum = (totals, name) => totals.reduce((value, total) => value + total[name], 0);

  function percentOf(totals) {
    if (totals.length === 1) return totals[0].percent;
    const size = sum(totals, "size");
    return size ? Math.min(99, Math.floor((sum(totals, "sent") * 100) / size)) : 0;
  }

  /** How the uploads ended, as the uploader's own summary says it; nothing where none did. */
  function summaryOf(totals) {
    const texts = textsOf(totals);
    const names = ["count", "complete", "refused", "failed", "missing"];
    const total = Object.fromEntries(names.map((name) => [name, sum(totals, name)]));
    const isOne = total.count === 1 && !total.refused && !total.missing;
    if (!isOne) return texts.end(total).join(" · ");
    const [{ name, state }] = totals.flatMap(({ uploader }) => uploader.queue.counted);
    return `${name}: ${texts.text(state)}`;
  }

  function lookSoon() {
    if (timer === null) timer = setTimeout(look, PAUSE);
  }

  // Nothing is heard of an uploader that was taken out of the page: it says so itself.
  NEWS.forEach((name) => document.addEventListener(`chunkeduploads:${name}`, lookSoon));
  document.addEventListener("visibilitychange", () => screen.change());

  Object.assign(window.ChunkedUploads, { lookElsewhere: lookSoon, notification, uploaders });
})();
