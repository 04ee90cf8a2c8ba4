"use strict";

/*
 * Where files come from: chosen, dropped, pasted, whole folders of them. Each gives a
 * list of { file, path, handle }: `file` is null where it could not be read, `handle` is
 * by what the browser lets the page have it again.
 */
(function () {
  function fromList(files) {
    return [...files].map((file) => ({ file, path: file.webkitRelativePath || "" }));
  }

  /** Resolves to the files of a drop, those in its folders too. */
  async function fromTransfer(transfer) {
    const items = filesOf(transfer);
    // Asked for at once: after the first pause the browser empties the drop.
    const dropped = items.map((item) => {
      const entry = item.webkitGetAsEntry ? item.webkitGetAsEntry() : null;
      return { entry, file: item.getAsFile(), handling: handleOf(item, entry) };
    });
    const found = await Promise.all(
      dropped.map(async ({ entry, file, handling }) =>
        entry && entry.isDirectory
          ? fromFolder(entry)
          : [{ file, path: file ? "" : entry ? entry.name : "", handle: await handling }],
      ),
    );
    return found.flat();
  }

  function filesOf(transfer) {
    return [...transfer.items].filter(({ kind }) => kind === "file");
  }

  async function handleOf(item, entry) {
    if (!entry || entry.isDirectory || !item.getAsFileSystemHandle) return null;
    return item.getAsFileSystemHandle().catch(() => null);
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

  /** Resolves to the file of a FileSystemFileHandle that may be read. */
  async function fromHandle(handle) {
    const file = await handle.getFile().catch(() => null);
    return { file, path: file ? "" : handle.name, handle };
  }

  Object.assign(window.ChunkedUploads, { filesOf, fromHandle, fromList, fromTransfer });
})();
