import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Uploads } from "./uploads";

const app = document.querySelector<HTMLElement>("#app")!;

createRoot(app).render(
  <StrictMode>
    <Uploads {...app.dataset} showUnfinished={false} />
  </StrictMode>,
);
