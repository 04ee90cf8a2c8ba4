"use strict";

/* The buttons in the admin that copy a key or a secret. */
(function () {
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-chunked-uploads-copies]")) {
      button.addEventListener("click", () => copy(button));
      button.hidden = false;
    }
  });

  async function copy(button) {
    const code = document.getElementById(button.dataset.chunkedUploadsCopies);
    const status = button.parentElement.querySelector("[role=status]");
    status.textContent = ""; // so that the same news is told again
    if (await write(code.textContent)) {
      status.textContent = button.dataset.done;
      return;
    }
    code.closest("details").open = true;
    getSelection().selectAllChildren(code);
    status.textContent = button.dataset.failed;
  }

  async function write(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // It is there over TLS only, and the visitor may have forbidden it.
      return writeBySelection(text);
    }
  }

  function writeBySelection(text) {
    const focused = document.activeElement;
    const area = document.createElement("textarea");
    area.className = "chunked-uploads-admin-clipboard";
    area.value = text;
    document.body.append(area);
    area.focus({ preventScroll: true });
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused.focus({ preventScroll: true });
    return done;
  }
})();
