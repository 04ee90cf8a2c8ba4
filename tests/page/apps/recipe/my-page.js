document.addEventListener("chunkeduploads:complete", ({ detail: { name, url } }) => {
  const link = Object.assign(document.createElement("a"), { href: url, textContent: name });
  document.querySelector("#arrived").append(link);
});
