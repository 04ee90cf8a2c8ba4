import "htmx.org";
import { observe } from "chunked_uploads";

observe();
