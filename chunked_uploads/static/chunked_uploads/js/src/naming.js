"use strict";

/*
 * Names of files: as the server keeps them, for pictures that have none of their own, and
 * of what nobody meant to send.
 */
(function () {
  // Characters, as in chunked_uploads/core/names.py.
  const MAX_NAME = 500;
  const MAX_EXTENSION = 50;

  const FRESH = 60_000; // milliseconds
  const CLUTTER = new Set([".ds_store", "thumbs.db", "desktop.ini", "icon\r"]);

  let lastTime = "";
  let count = 0; // of the pictures that got a name of that time

  /** The name as the server keeps it. */
  function keptName(name) {
    const last = name.replace(/\\/g, "/").split("/").pop();
    const clean = last.replace(/[\p{Cc}\p{Cs}]/gu, "").replace(/^\p{Z}+|\p{Z}+$/gu, "");
    if (clean.length <= MAX_NAME) return clean;
    const characters = [...clean];
    if (characters.length <= MAX_NAME) return clean;
    const dot = characters.lastIndexOf(".");
    const tail = dot > 0 ? characters.slice(dot).slice(-MAX_EXTENSION) : [];
    return [...characters.slice(0, MAX_NAME - tail.length), ...tail].join("");
  }

  const keys = new WeakMap(); // since files are looked for among all others

  /** The same for two files where the server would take one for the other. */
  function keyOf(named) {
    if (!keys.has(named)) keys.set(named, `${named.size} ${keptName(named.name)}`);
    return keys.get(named);
  }

  /**
   * The file under a name of its own, where it has the one that browsers give to every
   * picture from the clipboard, and phones to every one from the camera.
   */
  function withOwnName(file) {
    const { name, type, lastModified } = file;
    const [, extension] = /^image(\.\w+)$/i.exec(name) || [];
    const now = Date.now();
    // A file that was called so and copied is older.
    if (!extension || now - lastModified > FRESH) return file;
    const here = new Date(now);
    here.setMinutes(here.getMinutes() - here.getTimezoneOffset());
    const time = here.toISOString().slice(0, 19).replace(/[T:]/g, "-");
    count = time === lastTime ? count + 1 : 1;
    lastTime = time;
    const number = count > 1 ? `-${count}` : "";
    return new File([file], `image-${time}${number}${extension}`, { type, lastModified });
  }

  /** Without what systems put into folders by themselves; a file that came alone stays. */
  function withoutClutter(found) {
    const places = found.map(({ file, path }) => path || file.name);
    const all = new Set(places);
    return found.filter(({ path }, i) => {
      if (!path && found.length === 1) return true;
      const [, folder, name] = /^(.*\/)?(.*)$/s.exec(places[i]);
      if (CLUTTER.has(name.toLowerCase())) return false;
      // macOS puts beside a file what some disks have no other place for.
      return !(name.startsWith("._") && all.has((folder || "") + name.slice(2)));
    });
  }

  Object.assign(window.ChunkedUploads, { keptName, keyOf, withOwnName, withoutClutter });
})();
