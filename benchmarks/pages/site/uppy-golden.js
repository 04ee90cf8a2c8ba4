import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import Tus from "@uppy/tus";
import "@uppy/core/css/style.min.css";
import "@uppy/dashboard/css/style.min.css";

new Uppy({ autoProceed: true })
  .use(Dashboard, { inline: true, target: "#uploader" })
  .use(Tus, { endpoint: "/files/" })
  .use(GoldenRetriever);
