"use strict";

/* The list of finished files: each comes as a card of its own, when it is complete. */
(function () {
  const NIL_UUID = "00000000-0000-0000-0000-000000000000";
  const PICTURES = /\.(avif|gif|jpe?g|png|webp)$/i;
  const FILMS = /\.(m4v|mov|mp4|webm)$/i;
  const list = document.getElementById("files");

  /** Show what a file looks like: a picture, the first frame of a film, or its type. */
  function preview(place) {
    const { name } = place.dataset;
    const { href } = place.closest("a");
    if (PICTURES.test(name)) {
      const picture = Object.assign(new Image(), { src: href, alt: "", loading: "lazy" });
      place.replaceChildren(picture);
    } else if (FILMS.test(name)) {
      const film = document.createElement("video");
      Object.assign(film, { src: `${href}#t=0.1`, preload: "metadata", muted: true });
      place.replaceChildren(film);
    } else place.textContent = (name.match(/\.(\w{1,5})$/) || ["", "file"])[1].toUpperCase();
  }

  document.addEventListener("chunkeduploads:complete", async ({ detail }) => {
    const url = list.dataset.cardUrl.replace(NIL_UUID, detail.upload_uuid);
    const response = await fetch(url);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const card = document.importNode(page.querySelector("li"), true);
    list.prepend(card);
    document.getElementById("none").hidden = true;
    preview(card.querySelector(".demo-preview"));
  });

  list.querySelectorAll(".demo-preview").forEach(preview);
})();
