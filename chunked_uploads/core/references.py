"""Which uploads the site's own rows refer to."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import Any

from django.db.models import (
    PROTECT,
    RESTRICT,
    Exists,
    ForeignObjectRel,
    OuterRef,
    Q,
    QuerySet,
)

from chunked_uploads.models import Chunk, Upload


def referred(rows: QuerySet[Upload]) -> QuerySet[Upload]:
    """Return those of `rows` that a foreign key refers to, other than chunks."""
    return rows.filter(functools.reduce(operator.or_, _references(), Q(pk__in=[])))


def unreferred(rows: QuerySet[Upload]) -> QuerySet[Upload]:
    """Return those of `rows` that no foreign key refers to, other than chunks."""
    for reference in _references():
        rows = rows.exclude(reference)
    return rows


def unprotected(rows: QuerySet[Upload]) -> QuerySet[Upload]:
    """Return those of `rows` that no foreign key protects from their removal."""
    for reference in _references(PROTECT, RESTRICT):
        rows = rows.exclude(reference)
    return rows


def _references(*on_delete: Any) -> Iterator[Exists]:
    for relation in Upload._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.many_to_many:
            continue
        if on_delete and relation.on_delete not in on_delete:
            continue
        model, key = relation.related_model, relation.field
        if model is not Chunk:
            of_upload = {key.name: OuterRef(key.target_field.attname)}
            yield Exists(model._base_manager.filter(**of_upload))
