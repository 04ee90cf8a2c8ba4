"""A form field for files of any size: it cleans to the finished upload."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator
from django.utils.translation import gettext_lazy as _

from chunked_uploads.core.amounts import format_size
from chunked_uploads.core.kinds import describe, parse_extensions, parse_kinds
from chunked_uploads.core.limits import Limits, check_file, site_limits
from chunked_uploads.errors import (
    BadRequest,
    FileRefused,
    Incomplete,
    TooLarge,
    TypeRefused,
    UploadNotFound,
)
from chunked_uploads.forms.claims import Claim, redeem
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.forms.plain import PlainUpload
from chunked_uploads.forms.widgets import ChunkedFileInput


class ChunkedFileField(forms.FileField):
    """A file field that takes finished uploads; its value is a `FinishedUpload`.

    `accept` names kinds of files as a file input does, in a text with commas or a list;
    `max_size` is in bytes. Both narrow what the settings allow, and are told to the
    page, as a `FileExtensionValidator` of the field, or of the model's field, is.

    `user`, where a form sets it, owns what comes without JavaScript: it is kept as well
    when the form is shown again, as long as that is somebody who is logged in. Other
    uploads belong to whoever sent them. The page tells one who is not logged in.
    """

    widget = ChunkedFileInput
    user: Any = None
    default_error_messages = {
        "malformed": _(
            "The form does not say which file was uploaded. Choose it again."
        ),
        "gone": _("The uploaded file is not there any more. Choose it again."),
        "unfinished": _("The file was not uploaded to its end. Choose it again."),
        "too_large": _("The file is larger than %(largest)s."),
        "type_refused": _("Only these are taken: %(types)s."),
    }

    def __init__(
        self, *, accept: Any = None, max_size: int | None = None, **kwargs: Any
    ) -> None:
        self.own_limits = Limits(parse_kinds(accept or None), max_size)
        super().__init__(**kwargs)

    def get_bound_field(self, form: Any, field_name: str) -> forms.BoundField:
        """Return what Django's own field does; tell the widget what the page says."""
        bound_field = super().get_bound_field(form, field_name)
        widget: Any = self.widget
        if isinstance(widget, ChunkedFileInput):
            widget.limits = self._limits(
                [*self.validators, *_of_model(form, field_name)]
            )
            widget.bound_field = bound_field
        return bound_field

    def _limits(self, validators: list[Any]) -> Limits:
        """Return the field's own limits, and those of validators that can be told."""
        limits = self.own_limits
        for each in validators:
            allowed = getattr(each, "allowed_extensions", None)
            if isinstance(each, FileExtensionValidator) and allowed is not None:
                limits = limits.within(Limits(parse_extensions(allowed)))
        return limits

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
            upload = redeem(claim.text)
        except BadRequest:
            raise self._error("malformed") from None
        except UploadNotFound:
            raise self._error("gone") from None
        except Incomplete:
            raise self._error("unfinished") from None
        # Also what the page keeps: its limits are the sender's to leave out.
        self._check(upload.filename, upload.filesize or 0)
        return FinishedUpload(upload)

    def _plain(self, file: UploadedFile) -> FinishedUpload:
        try:
            is_known = getattr(self.user, "is_authenticated", False)
            plain = PlainUpload(file, self.user if is_known else None)
        except ValueError:
            raise self._error("invalid") from None
        self._check(plain.filename, plain.size or 0, plain.content_type or "")
        return plain

    def _check(self, filename: str, size: int, media_type: str = "") -> None:
        limits = self.own_limits.within(site_limits())
        try:
            check_file(filename, size, self.own_limits, media_type)
        except TooLarge:
            largest = format_size(limits.max_size or 0)
            raise self._error("too_large", largest=largest) from None
        except TypeRefused:
            types = describe(limits.kinds or ())
            raise self._error("type_refused", types=types) from None

    def _error(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)


def _of_model(form: Any, field_name: str) -> list[Any]:
    """Return the validators of the model's field that the form's field is for.

    A model form calls them itself, and tells the form's fields nothing of them.
    """
    model = getattr(getattr(form, "_meta", None), "model", None)
    try:
        return [] if model is None else model._meta.get_field(field_name).validators
    except (AttributeError, FieldDoesNotExist):
        return []
