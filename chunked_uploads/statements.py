"""The statements that every chunk makes, as SQL.

The ORM composes a statement anew each time, which takes as long as receiving half a
megabyte. Names and values go through the models' fields and the connection here, as
they do there; all conditions are equalities.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import connections, models
from django.db.models import Field

Row = TypeVar("Row", bound=models.Model)


def select(
    model: type[Row], using: str, where: dict[str, Any], beside: Field | None = None
) -> Row | None:
    """Return the row that fits, None where there is none.

    `beside` is a field of the model's `user`; the row then has what stands in it as
    `user_<name>`, None without a user.
    """
    table = _table(model, using)
    names = [field.name for field in model._meta.concrete_fields]
    columns = [f"{table}.{_column(model, name, using)}" for name in names]
    source = table
    if beside is not None:
        other = _table(beside.model, using)
        column = _column(beside.model, beside.name, using)
        columns += [f"{other}.{column} AS {_quoted(f'user_{beside.name}', using)}"]
        target = _field(model, "user").target_field.name
        near = f"{table}.{_column(model, 'user', using)}"
        far = f"{other}.{_column(beside.model, target, using)}"
        source += f" LEFT OUTER JOIN {other} ON {near} = {far}"
    terms = " AND ".join([f"{table}.{term}" for term in _terms(model, using, where)])
    sql = f"SELECT {', '.join(columns)} FROM {source} WHERE {terms}"
    found = model._base_manager.using(using).raw(sql, _values(model, using, where))
    return next(iter(found), None)


def update(
    model: type[models.Model],
    using: str,
    where: dict[str, Any],
    changes: dict[str, Any],
) -> int:
    """Change the rows that fit; return how many did."""
    settings = ", ".join(_terms(model, using, changes))
    terms = " AND ".join(_terms(model, using, where))
    sql = f"UPDATE {_table(model, using)} SET {settings} WHERE {terms}"
    values = _values(model, using, changes) + _values(model, using, where)
    with connections[using].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def insert(model: type[models.Model], using: str, row: dict[str, Any]) -> None:
    """Add a row, in which every field but the primary key must be told."""
    columns = ", ".join([_column(model, name, using) for name in row])
    places = ", ".join(["%s"] * len(row))
    sql = f"INSERT INTO {_table(model, using)} ({columns}) VALUES ({places})"
    with connections[using].cursor() as cursor:
        cursor.execute(sql, _values(model, using, row))


def _terms(model: type[models.Model], using: str, values: dict[str, Any]) -> list[str]:
    return [f"{_column(model, name, using)} = %s" for name in values]


def _values(model: type[models.Model], using: str, values: dict[str, Any]) -> list[Any]:
    connection = connections[using]
    return [
        _field(model, name).get_db_prep_save(value, connection)
        for name, value in values.items()
    ]


def _column(model: type[models.Model], name: str, using: str) -> str:
    return _quoted(_field(model, name).column, using)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _table(model: type[models.Model], using: str) -> str:
    return _quoted(model._meta.db_table, using)


def _quoted(name: str, using: str) -> str:
    return connections[using].ops.quote_name(name)
