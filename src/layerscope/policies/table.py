"""Tables of outside knowledge: TOML files that name their sources and their date, overridable from a folder.

A table is a file `NAME.toml` with one `[policy]` section (`about`, `date`, `refresh`) and arrays of rows, each row with
its `source`. What a row means, and the table's own law, is the business of the module named like it.
"""

from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import tomli

from layerscope.errors import PolicyError

TABLE_LIMIT: Final = 4 << 20
"""Bytes of a table; the largest of ours has 31,000."""


BUILT_IN: Final = "built in"
"""The place of our own tables, for a person."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every row: where it comes from."""

    source: str


class PolicyHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a table is about, when its facts were checked, and how they are refreshed."""

    about: str
    date: date
    refresh: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: its head, beside arrays of rows that each table names itself."""

    policy: PolicyHead


T = TypeVar("T", bound=Table)


def read_table(name: str, kind: type[T], directory: Path | None = None) -> T:
    """The table of that name, from `directory` if it has one, else our own; raises PolicyError."""
    place, content = _read(name, directory)
    try:
        return msgspec.convert(tomli.loads(content.decode()), kind)
    except (tomli.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise PolicyError(f"reading the table {name} ({place}): {error}") from error


class _AnyTable(msgspec.Struct, frozen=True):
    """The head of any table, whatever its rows."""

    policy: PolicyHead


def read_head(name: str, directory: Path | None = None) -> tuple[PolicyHead, int]:
    """The head of the table of that name, and how many rows it has; raises PolicyError."""
    place, content = _read(name, directory)
    try:
        raw = tomli.loads(content.decode())
        rows = sum(len(value) for value in raw.values() if isinstance(value, list))
        return msgspec.convert(raw, _AnyTable).policy, rows
    except (tomli.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise PolicyError(f"reading the table {name} ({place}): {error}") from error


def find_place(name: str, directory: Path | None) -> str:
    """Where the table of that name is read from, for a person."""
    own = directory / f"{name}.toml" if directory is not None else None
    return str(own) if own is not None and own.is_file() else BUILT_IN


def _read(name: str, directory: Path | None) -> tuple[str, bytes]:
    place = find_place(name, directory)
    try:
        if place == BUILT_IN:
            return place, files("layerscope.policies").joinpath("tables", f"{name}.toml").read_bytes()
        path = Path(place)
        if path.stat().st_size > TABLE_LIMIT:
            raise PolicyError(f"reading the table {name} ({place}): more than {TABLE_LIMIT:,} bytes")
        return place, path.read_bytes()
    except OSError as error:
        raise PolicyError(f"reading the table {name} ({place}): {error.strerror}") from error


def parse_numbers(version: str, *, what: str) -> tuple[int, ...]:
    """The numbers of a dotted version, for comparing field by field; raises PolicyError."""
    parts = version.split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise PolicyError(f"reading {what}: {version!r}, expected numbers with dots between")
    return tuple(map(int, parts))
