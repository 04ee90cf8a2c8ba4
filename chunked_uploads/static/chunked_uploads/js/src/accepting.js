"use strict";

/*
 * Which files an uploader takes: by size and by the tokens of an input's `accept`
 * (`.ext`, `type/*`, `type/subtype`), which the browser's dialogues get too.
 */
(function () {
  const { FileRefused, typeOf } = window.ChunkedUploads;

  const MEDIA = ["image", "video", "audio"];
  const TEXTS = ["document", "code"]; // or may be: the server knows more of them
  const UNKNOWN = new Set(["", "application/octet-stream"]);

  const lower = (text) => text.toLowerCase();
  const majorOf = (token) => token.split("/")[0];

  /** Why `file` is not taken: a FileRefused, or null where it is. */
  function refusalOf(file, { maxSize, accept }, texts) {
    if (file.size > maxSize) {
      return new FileRefused("too-large", { size: texts.format.bytes(maxSize) });
    }
    if (!isAccepted(file, accept)) {
      return new FileRefused("wrong-type", { types: texts.tokens(accept) });
    }
    return null;
  }

  function isAccepted({ name, type = "" }, accept) {
    return !accept.length || accept.some((token) => fits(lower(token), lower(name), lower(type)));
  }

  function fits(token, name, type) {
    if (!token.includes("/")) return name.endsWith(token);
    const [major, minor] = token.split("/");
    const isOfAny = minor === "*";
    if (isOfAny ? majorOf(type) === major : type === token) return true;
    // Systems have names of their own for some types, or none: text/csv is Excel's, say.
    if (name.endsWith(`.${minor.replace("x-", "")}`)) return true;
    const kind = typeOf(name);
    if (isOfAny && (kind === major || (major === "text" && TEXTS.includes(kind)))) return true;
    if (!UNKNOWN.has(type)) return false;
    // Where nobody can tell, the server decides.
    const isOfMedia = MEDIA.includes(kind) || MEDIA.includes(major);
    return !isOfMedia || kind === major || kind === "other";
  }

  /** Of `accept`, what a camera or a gallery can give; none where that is nothing. */
  function mediaOf(accept) {
    if (!accept.length) return ["image/*", "video/*"];
    const kinds = accept.map(lower).map((token) => (token.includes("/") ? majorOf(token) : typeOf(token)));
    return ["image", "video"].filter((kind) => kinds.includes(kind)).map((kind) => `${kind}/*`);
  }

  /** `accept` as showOpenFilePicker wants it; null where that cannot say it. */
  function pickerTypes(accept) {
    const types = {};
    for (const token of accept.map(lower)) {
      if (token.includes("/")) types[token] = types[token] || [];
      // It wants some type for them, and looks at the extensions alone.
      else (types["application/x-files"] = types["application/x-files"] || []).push(token);
    }
    // As the specification has it: at most 16 characters, and no others.
    const isSayable = (token) => token.includes("/") || /^\.[a-z0-9+.]{0,14}[a-z0-9+]$/.test(token);
    if (!accept.map(lower).every(isSayable)) return null;
    return accept.length ? [{ accept: types }] : [];
  }

  Object.assign(window.ChunkedUploads, { mediaOf, pickerTypes, refusalOf });
})();
