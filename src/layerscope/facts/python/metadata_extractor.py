"""What the layer pass keeps of the small files that describe Pythons, environments and distributions."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from layerscope.errors import FormatError
from layerscope.facts.context import FactContext
from layerscope.filesystem.node import Node
from layerscope.formats.direct_url import parse_direct_url
from layerscope.formats.dist_metadata import parse_dist_metadata
from layerscope.formats.egg_info import parse_egg_requirements
from layerscope.formats.entry_points import parse_entry_points
from layerscope.formats.patchlevel import parse_patchlevel
from layerscope.formats.pth_file import parse_pth
from layerscope.formats.pyvenv import parse_pyvenv
from layerscope.formats.sysconfig_data import parse_sysconfig_data
from layerscope.formats.wheel_file import parse_wheel_file
from layerscope.layers.extractor import Wants

T = TypeVar("T")

CONTENT_LIMIT: Final = 1 << 18
"""Bytes that are looked at; the headers of METADATA with a description among them come near it, others never do."""

INSTALLER_LIMIT: Final = 40
"""Characters of an installer's name."""

PLATFORMS: Final = tuple(
    f"{machine}-linux-{libc}" for machine in ("x86_64", "aarch64", "powerpc64le", "s390x") for libc in ("gnu", "musl")
)
_CONDA_PLATFORMS: Final = tuple(
    f"{machine}_conda_{system}" for machine in ("x86_64", "aarch64") for system in ("cos6_linux_gnu", "linux_gnu")
)
SYSCONFIG_NAMES: Final = frozenset(
    [f"_sysconfigdata_{flags}_{prefix}{name}.py" for flags in ("", "t", "d") for prefix in ("linux_", "")
     for name in PLATFORMS] + [f"_sysconfigdata_{name}.py" for name in _CONDA_PLATFORMS]
)  # fmt: skip
"""Names that CPython's build, Debian's and conda's give the file: files are wanted by whole names."""


def parse_installer(content: bytes) -> str:
    """The name in an INSTALLER file."""
    return content.decode("utf-8", "replace").strip().partition("\n")[0][:INSTALLER_LIMIT]


_DIST_FILES: Final[dict[str, Callable[[bytes], object]]] = {
    "METADATA": parse_dist_metadata,
    "PKG-INFO": parse_dist_metadata,
    "WHEEL": parse_wheel_file,
    "INSTALLER": parse_installer,
    "direct_url.json": parse_direct_url,
    "requires.txt": parse_egg_requirements,
    "entry_points.txt": parse_entry_points,
}
"""Files of a dist-info or an egg-info."""

_DIST_FOLDER: Final = re.compile(r"[^/]+\.(?:dist-info|egg-info)|EGG-INFO")


@dataclass(frozen=True)
class PythonMetadataExtractor:
    """Keeps the parsed file as plain data; `{"problem": …}` of one that does not parse."""

    name: str = "python-metadata"
    version: int = 1
    wants: Wants = field(
        default=Wants(
            names=frozenset({*_DIST_FILES, "pyvenv.cfg", "patchlevel.h", *SYSCONFIG_NAMES}),
            suffixes=frozenset({".pth", ".egg-info"}),
            limit=CONTENT_LIMIT,
        )
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The file as its own format reads it."""
        del size, mode
        parse = _choose(path)
        if parse is None:
            return None
        try:
            return msgspec.to_builtins(parse(content))
        except FormatError as error:
            return {"problem": str(error)}


def read_kept(context: FactContext, node: Node | None, kind: type[T]) -> T | None:
    """What was kept of a node's content, as the record that its format makes; None where it did not parse."""
    kept = context.extract_of(PythonMetadataExtractor.name, node) if node is not None else None
    if kept is None or find_problem(kept):
        return None
    return msgspec.convert(kept, type=kind)


def find_problem(kept: object) -> str:
    """Why a file did not parse; empty where it did."""
    return str(kept.get("problem", "")) if isinstance(kept, dict) else ""


def _choose(path: str) -> Callable[[bytes], object] | None:
    """What reads a file of that path; None for files that only bear the name of one."""
    folder, _, name = path.rpartition("/")
    if name in _DIST_FILES:
        return _DIST_FILES[name] if _DIST_FOLDER.fullmatch(folder.rpartition("/")[2]) else None
    if name == "pyvenv.cfg":
        return parse_pyvenv
    if name == "patchlevel.h":
        return parse_patchlevel if "python" in folder or "pypy" in folder else None
    if name.endswith(".pth"):
        return parse_pth if folder.endswith("-packages") else None
    if name.endswith(".egg-info"):
        return parse_dist_metadata
    return parse_sysconfig_data
