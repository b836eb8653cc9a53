"""Python's release series: until when each gets security fixes."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import msgspec

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, parse_numbers, read_table

NAME: Final = "python_releases"


class Release(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One series (`3.11`) with the day of its first release and the last day of its support."""

    series: str
    first: date
    end: date


class ReleaseTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table as written."""

    release: tuple[Release, ...]


class PythonReleases(msgspec.Struct, frozen=True, dict=True):
    """Look-ups by series."""

    table: ReleaseTable

    @classmethod
    def read(cls, directory: Path | None = None) -> Self:
        """The table, its law checked: each series once, ending after it began, later series beginning later."""
        table = read_table(NAME, ReleaseTable, directory)
        rows = sorted(table.release, key=lambda row: parse_numbers(row.series, what=f"a series of {NAME}"))
        for row, later in zip(rows, [*rows[1:], None], strict=True):
            if row.end <= row.first:
                raise PolicyError(f"reading the table {NAME}: {row.series} ends before it begins")
            if later is not None and (later.series == row.series or later.first <= row.first):
                raise PolicyError(f"reading the table {NAME}: {later.series} does not begin after {row.series}")
        return cls(table)

    def find_end(self, series: str) -> date | None:
        """The last day of a series' support; None for series that the table does not have."""
        return self._ends.get(series)

    def is_ended(self, series: str) -> bool:
        """Whether a series' support had ended when the table was checked."""
        end = self.find_end(series)
        return end is not None and end < self.table.policy.date

    @cached_property
    def _ends(self) -> Mapping[str, date]:
        """Ends by series."""
        return {row.series: row.end for row in self.table.release}
