"""Querysets, and inserts, that are compiled once a process and prepared by PostgreSQL.

Django compiles a queryset anew each time it is used, and the database then plans it anew: together
several times what running it takes (docs/decisions/0120). For the reads of hot calls that want
models; the token path has statements of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from accounts.statements import execute, fetch, fetch_one, is_postgresql

M = TypeVar("M", bound=models.Model)


class Parameter(models.Value):
    """Stands in a queryset for a value that each read gives by `name`, of the field's own type."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(name, field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class Prepared(Generic[M]):
    """`build` makes the queryset, at the first read, with a `Parameter` for each value that changes."""

    def __init__(self, build: Callable[[], models.QuerySet[M]]) -> None:
        self.build = build

    @cached_property
    def compiled(self) -> tuple[str, Sequence[Any], Callable[[Any], M]]:
        queryset = self.build()[:1]
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        return sql, parameters, maker(compiler)

    def first(self, **values: Any) -> M | None:
        """The first row, with what the queryset selects or annotates beside it."""
        sql, parameters, make = self.compiled
        row = fetch_one(sql, [values[each.name] if isinstance(each, Parameter) else each for each in parameters])
        return None if row is None else make(row)


def insert(made: models.Model) -> None:
    """Saves a new row as `save(force_insert=True)` would, without its signals; the key has to be there."""
    sql, fields = insertion(type(made))
    execute(sql, [field.get_db_prep_save(field.pre_save(made, add=True), connection) for field in fields])
    made._state.adding = False


def insert_all(made: Sequence[models.Model]) -> None:
    """`bulk_create` by a statement that is compiled once, however many they are: on PostgreSQL each column is an array.

    The rows are of one model, which gives the keys.
    """
    if not made:
        return
    if not is_postgresql():
        type(made[0])._base_manager.bulk_create(made)
        return
    sql, fields = insertion(type(made[0]), many=True)
    columns = [[field.get_db_prep_save(field.pre_save(each, True), connection) for each in made] for field in fields]
    for each, (key,) in zip(made, fetch(sql, columns), strict=True):
        each.pk = key
        each._state.adding = False


@cache
def insertion(model: type[models.Model], *, many: bool = False) -> tuple[str, list[models.Field[Any, Any]]]:
    """The statement, and what it takes: a row of values; or of `many` rows arrays, without the key that it gives."""
    quote, meta = connection.ops.quote_name, model._meta
    fields = [field for field in meta.concrete_fields if not (many and field.primary_key)]
    names = ", ".join(quote(str(field.column)) for field in fields)
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    values = ", ".join(["%s"] * len(fields))
    unnested = f"SELECT * FROM unnest({arrays}) RETURNING {quote(str(meta.pk.column))}"  # noqa: S608  the model's own
    return f"INSERT INTO {quote(meta.db_table)} ({names}) {unnested if many else f'VALUES ({values})'}", fields


def maker(compiler: SQLCompiler) -> Callable[[Any], Any]:
    """Rows of `compiler`'s statement to models, as `ModelIterable` does it."""
    select, info, annotations = compiler.select, compiler.klass_info, compiler.annotation_col_map or {}
    columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
    names = [column.target.attname for column, *_ in select[columns]]
    related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # stubs of Django 6
    converters = compiler.get_converters([column for column, *_ in select])

    def make(row: Any) -> Any:
        if converters:
            [row] = compiler.apply_converters([row], converters)
        made = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[columns])
        for each in related:
            each.populate(row, made)
        for name, column in annotations.items():
            setattr(made, name, row[column])
        return made

    return make
