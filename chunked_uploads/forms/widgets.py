"""The uploader in a form, around a plain file input for who has no JavaScript."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script

from chunked_uploads.core.amounts import format_size
from chunked_uploads.core.limits import NONE, Limits, site_limits
from chunked_uploads.errors import UploadError
from chunked_uploads.forms.claims import Claim
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.forms.plain import PlainUpload

SCRIPTS = ("chunked_uploads.min.js", "chunked_uploads.forms.min.js")


class ChunkedFileInput(forms.ClearableFileInput):
    """The uploader in a form, around a plain file input for who has no JavaScript.

    The form's data has the claim of a finished upload in `NAME-upload`. `limits` are
    those of the field, which it tells the page.
    """

    template_name = "chunked_uploads/widgets/chunked_file_input.html"
    limits: Limits = NONE
    finished: FinishedUpload | None = None  # of a form that is shown again
    bound_field: forms.BoundField | None = None  # whose errors the form found

    class Media:
        """Style and scripts of the uploader, and what joins it with a form."""

        css = {
            "all": [
                "chunked_uploads/css/chunked_uploads.min.css",
                "chunked_uploads/css/field.css",
            ]
        }
        js = [Script(f"chunked_uploads/js/{name}", defer=True) for name in SCRIPTS]

    def upload_name(self, name: str) -> str:
        """Return the name of the input that has the claim."""
        return f"{name}-upload"

    def upload_id(self, name: str) -> str:
        """Return the HTML id of the checkbox that keeps the finished upload."""
        return f"{self.upload_name(name)}_id"

    def get_context(
        self, name: str, value: Any, attrs: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Return what Django's own input shows, and the finished upload."""
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        kinds = self.limits.within(site_limits()).kinds
        if kinds:
            widget["attrs"].setdefault("accept", ",".join(kinds))
        widget["accept"] = self.limits.kinds
        widget["max_size"] = self.limits.max_size
        widget["upload_name"] = self.upload_name(name)
        widget["upload_id"] = self.upload_id(name)
        widget["finished"] = finished = self._keep_finished()
        # From the model's own file to what takes its place.
        initial = _describe(value) if widget["is_initial"] else None
        widget["formers"] = [each for each in (initial, finished) if each]
        bound = self.bound_field
        widget["visitor"] = (
            None if bound is None else getattr(bound.field, "user", None)
        )
        widget["label"] = "" if bound is None else bound.label
        widget["is_asked_for"] = self.is_required and (
            bound is None or bound.form.use_required_attribute
        )
        widget["is_invalid"] = bool(self._errors)
        return context

    @property
    def _errors(self) -> list[ValidationError]:
        return [] if self.bound_field is None else self.bound_field.errors.as_data()

    def _keep_finished(self) -> dict[str, Any] | None:
        """Store what a form that is shown again shall have still, and describe it.

        A file that the form refused is not among it. Whoever wants to have no file and
        sends one has to say which.
        """
        finished = self.finished
        if any(error.code != "contradiction" for error in self._errors):
            return None
        try:
            if isinstance(finished, PlainUpload) and finished.may_wait:
                finished.store()
        except UploadError:
            self.finished = None  # a plain file that can't be kept: to be chosen again
            return None
        if finished is None or not finished.is_claimable:
            return None
        upload = finished.upload
        return {
            "name": upload.filename,
            "bytes": upload.filesize or 0,
            "size": format_size(upload.filesize or 0),
            "url": upload.url,
            "claim": finished.claim,
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the file, or the claim of one that is uploaded already.

        Where there are both, the file was chosen last.
        """
        value = super().value_from_datadict(data, files, name)
        text = data.get(self.upload_name(name))
        if not text or value:
            return value
        return Claim(str(text), is_contradicted=value is False)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether the form says nothing of this input."""
        is_omitted = super().value_omitted_from_data(data, files, name)
        return is_omitted and self.upload_name(name) not in data

    def use_required_attribute(self, initial: Any) -> bool:
        """Tell whether the browser shall ask for a file."""
        return super().use_required_attribute(initial) and self._keep_finished() is None


def _describe(value: Any) -> dict[str, Any]:
    """Return name, URL and size of the file that there is; a size of None: unknown."""
    try:
        size = value.size
    except Exception:  # noqa: BLE001 - of any storage; a size is not worth a page
        size = None
    name = str(value).replace("\\", "/").rpartition("/")[2]
    return {"name": name, "url": value.url, "bytes": size, "claim": ""}
