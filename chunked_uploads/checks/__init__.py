"""System checks: a wrong setting is a message with an id, never a crash."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage

from chunked_uploads.checks import folders, values


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the project's settings."""
    return [
        *values.check_numbers(),
        *values.check_paths(),
        *folders.check_file_systems(),
        *folders.check_media(),
        *folders.check_privacy(),
        *folders.check_locks(),
        *values.check_dotted_paths(),
        *values.check_validators(),
        *values.check_choices(),
        *values.check_fast_path(),
        *values.check_origins(),
        *values.check_cross_domain_lists(),
        *values.check_external(),
    ]
