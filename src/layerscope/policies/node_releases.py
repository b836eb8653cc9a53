"""Node.js release lines: the module version of native add-ons, and when support ends."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, read_table

NAME: Final = "node_releases"


class NodeRelease(Row, frozen=True):
    """One release line."""

    major: int
    module_version: int
    released: date
    end_of_life: date


class NodeReleaseTable(Table, frozen=True):
    """The release lines, in order."""

    release: tuple[NodeRelease, ...]

    def find(self, major: int) -> NodeRelease | None:
        """The line of a major version."""
        return next((row for row in self.release if row.major == major), None)


def read_node_releases(directory: Path | None = None) -> NodeReleaseTable:
    """The table; raises PolicyError where a newer line has an older date or module version."""
    table = read_table(NAME, NodeReleaseTable, directory)
    for row in table.release:
        if row.end_of_life <= row.released:
            raise PolicyError(f"reading the table {NAME}: {row.major} ends before it begins")
    for before, row in pairwise(table.release):
        is_later = row.major > before.major and row.released >= before.released
        if not is_later or row.module_version <= before.module_version:
            raise PolicyError(
                f"reading the table {NAME}: {row.major} contradicts {before.major}, which stands before it"
            )
    return table
