"""Distributions that install the same import package under different names."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import msgspec

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, read_table

NAME: Final = "python_twins"


class Twins(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One import package, the normalised names of the distributions that hold it, and which to keep."""

    package: str
    names: tuple[str, ...]
    advice: str


class TwinTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table as written."""

    twins: tuple[Twins, ...]


class PythonTwins(msgspec.Struct, frozen=True, dict=True):
    """Look-ups by name."""

    table: TwinTable

    @classmethod
    def read(cls, directory: Path | None = None) -> Self:
        """The table, its law checked: at least two names a package, no name twice."""
        table = read_table(NAME, TwinTable, directory)
        names = [name for row in table.twins for name in row.names]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PolicyError(f"reading the table {NAME}: the distribution {twice[0]!r} is there twice")
        alone = [row.package for row in table.twins if len(row.names) < 2]  # noqa: PLR2004 - a pair
        if alone:
            raise PolicyError(f"reading the table {NAME}: {alone[0]!r} has one distribution, expected two or more")
        return cls(table)

    def find(self, name: str) -> Twins | None:
        """The row of a distribution, by its normalised name."""
        return self._rows.get(name)

    def find_twins(self, name: str) -> tuple[str, ...]:
        """The other distributions that hold the same import package."""
        row = self.find(name)
        return () if row is None else tuple(other for other in row.names if other != name)

    @cached_property
    def _rows(self) -> Mapping[str, Twins]:
        """Rows by name."""
        return {name: row for row in self.table.twins for name in row.names}
