"""Fetch rows of two whole numbers by the million, as a table of columns."""

# ruff: noqa: S608 – queries are our own

from collections.abc import Iterator

import polars as pl
from django.db import connection


def fetched(query: str, *names: str) -> pl.DataFrame:
    """All rows of a query of two numbers, named."""
    none = pl.DataFrame(schema=dict.fromkeys(names, pl.Int64))
    return pl.concat([none, *(pairs for _, pairs in in_parts(query, *names, part="0"))])


def in_parts(query: str, *names: str, part: str) -> Iterator[tuple[int, pl.DataFrame]]:
    """The same, one after the other the rows for which an expression of both numbers, a and b, has one value.

    Each part comes as one value: row by row they would take three times as long, and twenty times the memory.
    """
    packed = (
        f"SELECT ({part})::bigint, string_agg(int8send(a) || int8send(b), '') FROM ({query}) pairs (a, b) GROUP BY 1"
    )
    with connection.cursor() as cursor, cursor.copy(f"COPY ({packed}) TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int8", "bytea"])
        for number, value in copy.rows():
            shape = pl.Array(pl.Int64, len(value) // 8)
            both = pl.Series([value], dtype=pl.Binary).bin.reinterpret(dtype=shape, endianness="big").explode()
            yield number, pl.DataFrame({name: both.gather_every(2, place) for place, name in enumerate(names)})
