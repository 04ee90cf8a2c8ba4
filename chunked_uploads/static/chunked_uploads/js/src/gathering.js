"use strict";

/*
 * Files from the visitor: chosen, dropped, pasted, whole folders of them; and
 * which of them the server takes.
 */
(function () {
  const { FileRefused } = window.ChunkedUploads;

  const DRAG_ENDS_AFTER = 700; // milliseconds after the last event of it
  const EDITABLE = "input, textarea, select, [contenteditable]";

  // --- where they come from: each gives a list of { file, path } ---

  function fromList(files) {
    return [...files].map((file) => ({ file, path: file.webkitRelativePath || "" }));
  }

  /** Resolves to the files of a drop, those in its folders too; null: unreadable. */
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
    return found.flat();
  }

  async function fromFolder(folder) {
    const path = folder.fullPath.slice(1);
    const entries = await entriesOf(folder);
    if (!entries) return [{ file: null, path }];
    const found = [];
    for (const entry of entries) {
      if (entry.isDirectory) (await fromFolder(entry)).forEach((each) => found.push(each));
      else found.push({ file: await fileOf(entry), path: `${path}/${entry.name}` });
    }
    return found;
  }

  // It gives a hundred at a time, and an empty list at the end.
  async function entriesOf(folder) {
    const reader = folder.createReader();
    const entries = [];
    for (;;) {
      const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve(null)));
      if (!some) return null;
      if (!some.length) return entries;
      entries.push(...some);
    }
  }

  function fileOf(entry) {
    return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
  }

  function hasFiles(transfer) {
    return Boolean(transfer) && [...transfer.types].includes("Files");
  }

  // --- what is taken ---

  /** Why `file` is not taken: a FileRefused, or null where it is. */
  function refusalOf(file, { maxSize, accept }, format) {
    const extensions = accept;
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

  /** Call `add` with what the visitor drops on or pastes into the page. */
  function listen(root, { add, showDrag, signal }) {
    let timer = null;
    const on = (name, listener) => {
      const check = (event) => {
        if (hasFiles(event.dataTransfer || event.clipboardData)) listener(event);
      };
      document.addEventListener(name, check, { signal });
    };
    const end = () => {
      clearTimeout(timer);
      showDrag(null);
    };
    on("dragover", (event) => {
      // It comes as long as something is dragged over the page, and nothing else does so
      // for certain when that ends.
      clearTimeout(timer);
      timer = setTimeout(end, DRAG_ENDS_AFTER);
      if (!isOurs(root, event)) return;
      showDrag({ count: event.dataTransfer.items.length });
      // Without this a drop beside the target would open the file in place of the page.
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    });
    on("dragleave", (event) => {
      if (!event.relatedTarget) end();
    });
    on("drop", async (event) => {
      end();
      if (!isOurs(root, event)) return;
      event.preventDefault();
      add(await fromTransfer(event.dataTransfer));
    });
    on("paste", (event) => {
      if (event.defaultPrevented || !isFor(root, elementAt(event))) return;
      event.preventDefault();
      add(fromList(event.clipboardData.files));
    });
  }

  // Some browsers name a text, or the document itself.
  function elementAt({ target }) {
    return target instanceof Element ? target : target.parentElement || document.body;
  }

  /** Whether it is for this uploader to say what a drag does where it is. */
  function isOurs(root, event) {
    const other = elementAt(event).closest("[data-chunked-uploads], input[type=file]");
    return root.contains(event.target) || !(event.defaultPrevented || other);
  }

  /** Whether what is pasted at `target` is for this uploader: the nearest or first. */
  function isFor(root, target) {
    const nearest = target.closest("[data-chunked-uploads]");
    if (nearest) return nearest === root;
    return !target.closest(EDITABLE) && document.querySelector("[data-chunked-uploads]") === root;
  }

  Object.assign(window.ChunkedUploads, { fromList, listen, refusalOf });
})();
