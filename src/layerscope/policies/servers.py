"""Servers of models: by what each is recognised, where it listens, and which API it speaks."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, read_table

NAME: Final = "servers"

MAX_PORT: Final = 65535

Dialect = Literal["openai", "tgi", "ollama", "triton", "torchserve", "cog"]


class ServerRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One server; what the fields mean is said at the top of the table."""

    name: str
    title: str
    commands: tuple[str, ...]
    variables: tuple[str, ...]
    files: tuple[str, ...]
    distributions: tuple[str, ...]
    dialect: Dialect
    port: int
    bind: str
    port_flags: tuple[str, ...]
    port_variables: tuple[str, ...]
    health: tuple[str, ...]
    store: str = ""
    store_variables: tuple[str, ...] = ()


HUB: Final = "hub"
"""The store of servers that fetch models by the client of the Hugging Face hub."""


class WebFramework(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Python distribution of which servers of one's own are made."""

    name: str


class _ServerTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table as written."""

    server: tuple[ServerRow, ...]
    framework: tuple[WebFramework, ...]


class ModelServers(Struct, frozen=True):
    """The servers, in the order in which an image is asked for them, and the frameworks."""

    rows: tuple[ServerRow, ...]
    frameworks: frozenset[str]

    def find(self, name: str) -> ServerRow | None:
        """The server of that name."""
        return next((row for row in self.rows if row.name == name), None)


def read_servers(directory: Path | None = None) -> ModelServers:
    """The table, its law checked; raises PolicyError.

    No mark belongs to two servers; every server can be recognised, listens on a possible port and has a path that
    tells whether it is ready.
    """
    table = read_table(NAME, _ServerTable, directory)
    for what, marks in (
        ("name", [row.name for row in table.server]),
        ("command", [mark for row in table.server for mark in row.commands]),
        ("file", [mark for row in table.server for mark in row.files]),
        ("variable", [mark for row in table.server for mark in row.variables]),
        ("distribution", [mark for row in table.server for mark in row.distributions]),
        ("framework", [row.name for row in table.framework]),
    ):
        for first, second in pairwise(sorted(marks)):
            if first == second:
                raise PolicyError(f"reading the table {NAME}: the {what} {first!r} is there twice")
    for row in table.server:
        for problem in _list_problems(row):
            raise PolicyError(f"reading the table {NAME}: server {row.name}: {problem}")
    return ModelServers(table.server, frozenset(row.name for row in table.framework))


def _list_problems(row: ServerRow) -> Iterator[str]:
    if not row.commands:
        yield "no command, expected one by which it is started"
    if not 1 <= row.port <= MAX_PORT:
        yield f"port {row.port}, expected 1 to {MAX_PORT}"
    if not row.health or not all(path.startswith("/") for path in row.health):
        yield f"health {list(row.health)}, expected paths that begin with a slash"
    if not all(path.startswith("/") for path in row.files):
        yield f"files {list(row.files)}, expected paths that begin with a slash"
    if not all(flag.startswith("-") for flag in row.port_flags):
        yield f"port_flags {list(row.port_flags)}, expected flags"
    if row.store not in {"", HUB} and not row.store.startswith(("/", "~/")):
        yield f"store {row.store!r}, expected {HUB}, or a folder from the root or below the home"
    if row.bind not in {"0.0.0.0", "127.0.0.1"}:  # noqa: S104 -- read, not bound
        yield f"bind {row.bind!r}, expected 0.0.0.0 or 127.0.0.1"
