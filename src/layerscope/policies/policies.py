"""Policies: all tables of outside knowledge, each read when it is first asked for."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from layerscope.policies.errors import KnownErrors, read_errors

TABLES: Final[tuple[str, ...]] = ("errors",)
"""Every table's name, sorted; each is a file in `tables/` and a module beside this one."""


@dataclass(frozen=True)
class Policies:
    """The tables, those in `directory` in place of our own; every table may raise PolicyError when asked for."""

    directory: Path | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all tables in use: what was derived by them is kept under it."""
        digest = hashlib.sha256()
        for folder in filter(None, (files("layerscope.policies").joinpath("tables"), self.directory)):
            for path in sorted(folder.iterdir(), key=lambda each: each.name):
                if path.name.endswith(".toml") and path.is_file():
                    digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    @cached_property
    def errors(self) -> KnownErrors:
        """What containers, drivers and frameworks print when something is wrong, and why."""
        return read_errors(self.directory)
