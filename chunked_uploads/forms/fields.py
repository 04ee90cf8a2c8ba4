"""A form field for files of any size: it cleans to the finished upload."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.widgets import Script
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from chunked_uploads.conf import conf
from chunked_uploads.core.limits import allowed_extensions, check_file
from chunked_uploads.errors import (
    BadRequest,
    FileRefused,
    Incomplete,
    TooLarge,
    TypeRefused,
    UploadError,
    UploadNotFound,
)
from chunked_uploads.forms.claims import Claim, redeem
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.forms.plain import PlainUpload

SCRIPTS = (
    "vendor/jquery.min.js",
    "vendor/jquery.ui.widget.js",
    "vendor/jquery.fileupload.js",
    "jquery.chunked_uploads.js",
)


class ChunkedFileInput(forms.ClearableFileInput):
    """The uploader in a form, around a plain file input for who has no JavaScript.

    The form's data has the claim of a finished upload in `NAME-upload`.
    """

    template_name = "chunked_uploads/widgets/chunked_file_input.html"
    finished: FinishedUpload | None = None  # of a form that is shown again

    class Media:
        """Style and scripts of the uploader, and what joins it with a form."""

        css = {
            "all": [
                "chunked_uploads/css/chunked_uploads.css",
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
        context["widget"]["upload_name"] = self.upload_name(name)
        context["widget"]["upload_id"] = self.upload_id(name)
        context["widget"]["finished"] = self._keep_finished()
        return context

    def _keep_finished(self) -> dict[str, Any] | None:
        """Store what a form that is shown again shall have still, and describe it."""
        finished = self.finished
        try:
            if isinstance(finished, PlainUpload) and finished.may_wait:
                finished.store()
        except UploadError:
            self.finished = None  # a plain file that can't be kept: to be chosen again
            return None
        if finished is None or not finished.is_claimable:
            return None
        return {
            "name": finished.upload.filename,
            "size": filesizeformat(finished.upload.filesize or 0),
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


class ChunkedFileField(forms.FileField):
    """A file field that takes finished uploads; its value is a `FinishedUpload`.

    `user`, where a form sets it, owns what comes without JavaScript: it is kept as well
    when the form is shown again, as long as that is somebody who is logged in. Other
    uploads belong to whoever sent them.
    """

    widget = ChunkedFileInput
    user: Any = None
    default_error_messages = {
        "malformed": _(
            "The form does not say which file was uploaded. Please choose it again."
        ),
        "gone": _("The uploaded file is not there any more. Please choose it again."),
        "unfinished": _(
            "The file was not uploaded to its end. Please choose it again."
        ),
        "too_large": _("The file is larger than %(largest)s."),
        "type_refused": _("Only files of these types are taken: %(types)s."),
    }

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the finished upload, or what Django's own field returns without."""
        self._show(None)
        if isinstance(data, Claim) and data.is_contradicted:
            self._show(self._claimed(data))
            raise self._error("contradiction")
        value = super().clean(data, initial)
        if isinstance(value, FinishedUpload):
            self._show(value)
        return value

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what is shown as the file that there is already."""
        if isinstance(data, Claim) and data.is_contradicted:
            return initial
        return super().bound_data(data, initial)

    def to_python(self, data: Any) -> Any:
        """Return the finished upload that was claimed, or that the file will be."""
        if isinstance(data, Claim):
            data = self._claimed(data)
        elif isinstance(data, UploadedFile):
            data = self._plain(data)
        value = super().to_python(data)
        if isinstance(value, PlainUpload):
            try:
                value.validate()
            except FileRefused as refused:
                raise ValidationError(refused.detail, code=refused.code) from None
        return value

    def _show(self, finished: FinishedUpload | None) -> None:
        widget: Any = self.widget
        if isinstance(widget, ChunkedFileInput):
            widget.finished = finished

    def _claimed(self, claim: Claim) -> FinishedUpload:
        try:
            return FinishedUpload(redeem(claim.text))
        except BadRequest:
            raise self._error("malformed") from None
        except UploadNotFound:
            raise self._error("gone") from None
        except Incomplete:
            raise self._error("unfinished") from None

    def _plain(self, file: UploadedFile) -> FinishedUpload:
        try:
            is_known = getattr(self.user, "is_authenticated", False)
            plain = PlainUpload(file, self.user if is_known else None)
            check_file(plain.filename, plain.size or 0)
        except ValueError:
            raise self._error("invalid") from None
        except TooLarge:
            largest = filesizeformat(conf.CHUNKED_UPLOADS_MAX_SIZE or 0)
            raise self._error("too_large", largest=largest) from None
        except TypeRefused:
            types = ", ".join(sorted(allowed_extensions()))
            raise self._error("type_refused", types=types) from None
        return plain

    def _error(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)
