"""The application's configuration."""

from django.apps import AppConfig
from django.core.checks import register
from django.core.signals import setting_changed
from django.db.models.signals import post_delete, pre_delete, pre_save
from django.utils.translation import gettext_lazy as _


class ChunkedUploadsConfig(AppConfig):
    """Register the checks and the receivers when Django starts."""

    name = "chunked_uploads"
    verbose_name = _("Chunked uploads")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chunked_uploads import checks, storages
        from chunked_uploads.core import removing
        from chunked_uploads.forms import objects
        from chunked_uploads.models import Upload

        register(checks.check_settings)
        register(checks.check_bucket, checks.BUCKET_TAG)
        pre_delete.connect(removing.lock_row, sender=Upload)
        post_delete.connect(removing.delete_bytes, sender=Upload)
        pre_save.connect(objects.save_within_bucket)
        setting_changed.connect(storages.forget_choice)
