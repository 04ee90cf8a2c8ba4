"""The uploaders that are compared, and how a visitor finds what in each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Uploader:
    """One page; what is not said otherwise is a CSS selector."""

    name: str  # plain
    title: str  # plain
    input: str
    entry: str  # a file in the list
    complete: str
    failed: str
    retry: str
    restored: str  # starts again what came back after a reload
    more: str  # shows the way to choose where a list hides it
    texts: str  # what tells the visitor how it goes
    all_complete: str = ""  # many are; where it is empty, `complete` is said of each


OURS = Uploader(
    name="chunked-uploads",
    title="django-chunked-uploads",
    input=".chunked-uploads-input",
    entry="[role=list] > .chunked-uploads-row",
    complete="[role=list] > .chunked-uploads-row[data-state=complete]",
    failed=".chunked-uploads-row:is([data-state=failed], [data-state=refused])",
    retry=".chunked-uploads-row [data-action=retry]:not([hidden])",
    restored=".chunked-uploads-row [data-action=start]:not([hidden])",
    more=".chunked-uploads-ways [data-action=choose]",
    texts=".chunked-uploads-headline, .chunked-uploads-list .chunked-uploads-facts",
    all_complete=".chunked-uploads-summary[data-state=complete]:not([hidden])",
)


def _uppy(name: str, title: str) -> Uploader:
    return Uploader(
        name=name,
        title=title,
        input=".uppy-Dashboard-input",
        entry=".uppy-Dashboard-Item",
        complete=".uppy-StatusBar.is-complete",
        failed=".uppy-StatusBar.is-error",
        retry=".uppy-StatusBar-actionBtn--retry",
        restored=".uppy-StatusBar-actionBtn--upload:not([disabled])",
        more=".uppy-DashboardContent-addMore",
        texts=".uppy-StatusBar-statusPrimary, .uppy-Informer",
        all_complete=".uppy-StatusBar.is-complete",
    )


FILEPOND = Uploader(
    name="filepond",
    title="FilePond, chunkUploads",
    input=".filepond--browser",
    entry=".filepond--item",
    complete="[data-filepond-item-state=processing-complete]",
    failed="[data-filepond-item-state=processing-error]",
    retry=".filepond--action-retry-item-processing",
    restored=".filepond--action-process-item",
    more=".filepond--drop-label",
    texts=".filepond--file-status-main, .filepond--file-status-sub",
)
OTHERS = [
    _uppy("uppy-tus", "Uppy Dashboard, Tus"),
    _uppy("uppy-golden", "the same, GoldenRetriever"),
    _uppy("uppy-xhr", "Uppy Dashboard, XHRUpload"),
    FILEPOND,
]
ALL = [OURS, *OTHERS]
