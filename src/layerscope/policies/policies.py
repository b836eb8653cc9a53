"""Policies: all tables of outside knowledge, each read when it is first asked for."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from layerscope.policies.node_releases import NodeReleaseTable, read_node_releases
from layerscope.policies.releases import ReleaseTable, read_releases

TABLES: Final[tuple[str, ...]] = ("node_releases", "releases")
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
    def node_releases(self) -> NodeReleaseTable:
        """Node.js release lines."""
        return read_node_releases(self.directory)

    @cached_property
    def releases(self) -> ReleaseTable:
        """Releases of distributions."""
        return read_releases(self.directory)
