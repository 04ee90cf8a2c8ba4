"""The statements that every chunk and every finished file make, as SQL.

The ORM composes a statement anew each time, which takes as long as receiving half a
megabyte; here each is composed once. Names and values go through the models' fields
and the connection, as they do there; all conditions are equalities, with None too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from django.db import connections, models
from django.db.models import Field
from django.db.models.expressions import Col

Row = TypeVar("Row", bound=models.Model)
Names = tuple[str, ...]  # of fields


class Selection(NamedTuple):
    """A statement that reads rows, and what becomes of their columns."""

    sql: str
    attributes: list[str]
    converted: dict[int, Col]  # by index: those that are not taken as they come


def select(
    model: type[Row], using: str, where: dict[str, Any], beside: Field | None = None
) -> Row | None:
    """Return the row that fits, None where there is none.

    `beside` is a field of the model's `user`; the row then has what stands in it as
    `user_<name>`, None without a user.
    """
    rows = _rows(model, using, where, beside, most=1)
    return rows[0] if rows else None


def select_newest(
    model: type[Row], using: str, where: dict[str, Any], most: int
) -> list[Row]:
    """Return the newest rows that fit, by `created_at`, the newest first."""
    return _rows(model, using, where, None, most, is_ordered=True)


def _rows(
    model: type[Row],
    using: str,
    where: dict[str, Any],
    beside: Field | None,
    most: int,
    *,
    is_ordered: bool = False,
) -> list[Row]:
    sought = {name: value for name, value in where.items() if value is not None}
    empty = tuple(name for name, value in where.items() if value is None)
    selection = _selection(model, using, tuple(sought), empty, beside, is_ordered)
    connection = connections[using]
    sql = selection.sql
    if is_ordered:
        sql += f" {connection.ops.limit_offset_sql(0, most)}"
    with connection.cursor() as cursor:
        cursor.execute(sql, _sought(model, connection, sought))
        found = cursor.fetchmany(most)
    return [_row(model, using, selection, beside, list(each)) for each in found]


def _row(
    model: type[Row],
    using: str,
    selection: Selection,
    beside: Field | None,
    values: list[Any],
) -> Row:
    connection = connections[using]
    for index, column in selection.converted.items():
        for convert in _converters(column, connection):
            values[index] = convert(values[index], column, connection)
    own = len(selection.attributes)
    row = model.from_db(using, selection.attributes, values[:own])
    if beside is not None:
        setattr(row, f"user_{beside.name}", values[own])
    return row


def update(
    model: type[models.Model],
    using: str,
    where: dict[str, Any],
    changes: dict[str, Any],
) -> int:
    """Change the rows that fit; return how many did."""
    connection = connections[using]
    sql = _update(model, using, tuple(where), tuple(changes))
    values = [
        *_values(model, connection, changes),
        *_sought(model, connection, where),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def insert(model: type[models.Model], using: str, row: dict[str, Any]) -> None:
    """Add a row, in which every field but the primary key must have a value."""
    connection = connections[using]
    sql = _insert(model, using, tuple(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(model, connection, row))


def delete(model: type[models.Model], using: str, where: dict[str, Any]) -> None:
    """Remove the rows that fit, to which no other rows may refer."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            _delete(model, using, tuple(where)), _sought(model, connection, where)
        )


@functools.cache
def _selection(
    model: type[models.Model],
    using: str,
    where: Names,
    empty: Names,
    beside: Field | None,
    is_ordered: bool,
) -> Selection:
    table, own = _table(model, using), model._meta.concrete_fields
    columns = [field.get_col(model._meta.db_table) for field in own]
    source = table
    if beside is not None:
        other, user = beside.model, _field(model, "user")
        columns.append(beside.get_col(other._meta.db_table))
        source += f" LEFT OUTER JOIN {_table(other, using)} ON " + " = ".join(
            _full(field, using) for field in (user, user.target_field)
        )
    names = ", ".join(_full(column.target, using) for column in columns)
    terms = [f"{_full(_field(model, name), using)} = %s" for name in where]
    terms += [f"{_full(_field(model, name), using)} IS NULL" for name in empty]
    sql = f"SELECT {names} FROM {source} WHERE {' AND '.join(terms)}"
    if is_ordered:
        newest = [_field(model, "created_at"), model._meta.pk]
        sql += " ORDER BY " + ", ".join(f"{_full(each, using)} DESC" for each in newest)
    connection = connections[using]
    converted = {
        index: column
        for index, column in enumerate(columns)
        if _converters(column, connection)
    }
    return Selection(sql, [field.attname for field in own], converted)


@functools.cache
def _update(model: type[models.Model], using: str, where: Names, changed: Names) -> str:
    settings = ", ".join(_terms(model, using, changed))
    terms = " AND ".join(_terms(model, using, where))
    return f"UPDATE {_table(model, using)} SET {settings} WHERE {terms}"


@functools.cache
def _insert(model: type[models.Model], using: str, names: Names) -> str:
    columns = ", ".join(_column(_field(model, name), using) for name in names)
    markers = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {_table(model, using)} ({columns}) VALUES ({markers})"


@functools.cache
def _delete(model: type[models.Model], using: str, where: Names) -> str:
    terms = " AND ".join(_terms(model, using, where))
    return f"DELETE FROM {_table(model, using)} WHERE {terms}"


def _terms(model: type[models.Model], using: str, names: Iterable[str]) -> list[str]:
    return [f"{_column(_field(model, name), using)} = %s" for name in names]


def _values(
    model: type[models.Model], connection: Any, values: dict[str, Any]
) -> list[Any]:
    return [
        _field(model, name).get_db_prep_save(value, connection)
        for name, value in values.items()
    ]


def _sought(
    model: type[models.Model], connection: Any, values: dict[str, Any]
) -> list[Any]:
    # What can't be stored can be asked for, as the primary key 0 in MariaDB.
    sought = []
    for name, value in values.items():
        field = _field(model, name)
        prepared = field.get_prep_value(value)
        sought.append(field.get_db_prep_value(prepared, connection, prepared=True))
    return sought


def _converters(column: Col, connection: Any) -> list[Callable[..., Any]]:
    backend = connection.ops.get_db_converters(column)
    return [*backend, *column.get_db_converters(connection)]


def _full(field: Any, using: str) -> str:
    return f"{_table(field.model, using)}.{_column(field, using)}"


def _column(field: Any, using: str) -> str:
    return _quoted(field.column, using)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _table(model: type[models.Model], using: str) -> str:
    return _quoted(model._meta.db_table, using)


def _quoted(name: str, using: str) -> str:
    return connections[using].ops.quote_name(name)
