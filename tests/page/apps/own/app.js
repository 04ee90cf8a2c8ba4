const root = document.querySelector("#my-uploads");
const lines = new Map();

function show({ detail: { upload, name, state, percent } }) {
  if (!lines.has(upload)) {
    lines.set(upload, document.createElement("li"));
    root.querySelector("ul").append(lines.get(upload));
  }
  lines.get(upload).textContent = `${name}: ${state}, ${Math.round(percent)} %`;
}

for (const name of ["change", "progress"]) {
  root.addEventListener(`chunkeduploads:${name}`, show);
}
