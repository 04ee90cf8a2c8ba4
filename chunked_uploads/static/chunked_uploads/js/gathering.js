"use strict";

/*
 * Files from the visitor: chosen, dropped, pasted, whole folders of them; and
 * which of them the server takes.
 */
(function () {
  const { FileRefused } = window.ChunkedUploads;

  const EDITABLE = "input, textarea, select, [contenteditable]";

  // --- where they come from: each gives a list of { file, path } ---

  function fromList(files) {
    return [...files].map((file) => ({ file, path: file.webkitRelativePath || "" }));
  }

  /** Resolves to the files of a drop, those in its folders too. */
  async function fromTransfer(transfer) {
    const items = [...transfer.items].filter((item) => item.kind === "file");
    // Asked for at once: after the first pause the browser empties the drop.
    const dropped = items.map((item) => ({
      entry: item.webkitGetAsEntry ? item.webkitGetAsEntry() : null,
      file: item.getAsFile(),
    }));
    const found = await Promise.all(
      dropped.map(({ entry, file }) =>
        entry && entry.isDirectory ? fromFolder(entry) : [{ file, path: "" }],
      ),
    );
    return found.flat().filter(({ file }) => file);
  }

  async function fromFolder(folder) {
    const found = [];
    for (const entry of await entriesOf(folder)) {
      if (entry.isDirectory) found.push(...(await fromFolder(entry)));
      else found.push({ file: await fileOf(entry), path: entry.fullPath.slice(1) });
    }
    return found;
  }

  // It gives a hundred at a time, and an empty list at the end.
  async function entriesOf(folder) {
    const reader = folder.createReader();
    const entries = [];
    for (;;) {
      const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
      if (!some.length) return entries;
      entries.push(...some);
    }
  }

  /** Resolves to null where the file can't be read. */
  function fileOf(entry) {
    return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
  }

  function hasFiles(transfer) {
    return Boolean(transfer) && [...transfer.types].includes("Files");
  }

  // --- what is taken ---

  /** Why `file` is not taken: a FileRefused, or null where it is. */
  function refusalOf(file, { maxSize, extensions }, format) {
    if (file.size > maxSize) {
      return new FileRefused("too-large", { size: format.bytes(maxSize) });
    }
    const name = file.name.toLowerCase();
    if (extensions.length && !extensions.some((extension) => name.endsWith(extension))) {
      return new FileRefused("wrong-type", { types: extensions.join(", ") });
    }
    return null;
  }

  // --- listening ---

  /** Call `take` with what the visitor drops on or pastes into the page. */
  function listen(root, { take, showDrag }) {
    let depth = 0; // of dragenter without dragleave
    const over = (event) => root.contains(event.target);
    const on = (target, name, listener) => {
      target.addEventListener(name, (event) => {
        if (root.isConnected && hasFiles(event.dataTransfer || event.clipboardData)) {
          listener(event);
        }
      });
    };
    const end = () => {
      depth = 0;
      showDrag("");
    };
    on(document, "dragenter", (event) => {
      depth += 1;
      showDrag(over(event) ? "over" : "near");
    });
    on(document, "dragleave", () => {
      depth -= 1;
      if (depth <= 0) end();
    });
    on(document, "dragover", (event) => {
      // Without this a drop beside the target would open the file in place of the page.
      if (event.defaultPrevented) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = over(event) ? "copy" : "none";
    });
    on(document, "drop", async (event) => {
      end();
      if (!over(event)) {
        if (!event.target.closest("[data-chunked-uploads]")) event.preventDefault();
        return;
      }
      event.preventDefault();
      take(await fromTransfer(event.dataTransfer));
    });
    on(document, "paste", (event) => {
      if (event.defaultPrevented || !isFor(root, event.target)) return;
      event.preventDefault();
      take(fromList(event.clipboardData.files));
    });
  }

  /** Whether what is pasted at `target` is for this uploader: the nearest or first. */
  function isFor(root, target) {
    const nearest = target.closest("[data-chunked-uploads]");
    if (nearest) return nearest === root;
    return !target.closest(EDITABLE) && document.querySelector("[data-chunked-uploads]") === root;
  }

  Object.assign(window.ChunkedUploads, { fromList, listen, refusalOf });
})();
