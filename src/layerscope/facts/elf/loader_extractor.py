"""What the layer pass keeps of the dynamic loaders' files: cache, configuration, preload lists, built-in paths."""

import re
from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.ld_cache import parse_ld_cache
from layerscope.formats.ld_conf import parse_ld_conf
from layerscope.formats.ld_musl_path import parse_ld_musl_path
from layerscope.formats.ld_preload import parse_ld_preload
from layerscope.formats.ld_so import parse_ld_so
from layerscope.layers.extractor import Wants

CACHE_PATH: Final = "etc/ld.so.cache"
CONF_PATH: Final = "etc/ld.so.conf"
PRELOAD_PATH: Final = "etc/ld.so.preload"

MUSL_ARCHITECTURES: Final = ("aarch64", "armhf", "i386", "loongarch64", "powerpc64le", "riscv64", "s390x", "x86_64")
"""Names that musl gives the architectures which images are made for."""

LOADER_NAMES: Final = frozenset({
    "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux.so.2", "ld-linux-armhf.so.3", "ld64.so.2", "ld64.so.1",
    "ld-linux-riscv64-lp64d.so.1", "ld-linux-loongarch-lp64d.so.1",
    *(f"ld-2.{minor}.so" for minor in range(17, 34)),
})  # fmt: skip
"""glibc's loaders by name; up to 2.33 the file bore the version and these names were links."""

_ALTERNATIVES: Final = "etc/alternatives/"


@dataclass(frozen=True)
class LoaderCacheExtractor:
    """Keeps the libraries of ld.so.cache."""

    name: str = "ld-cache"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset({CACHE_PATH}), limit=8 << 20))
    """The cache of a CUDA development image has 200,000 bytes."""

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """`entries` as lists of name, path, flags and hwcaps subdirectory; or the `problem`."""
        del path, mode
        if size > len(content):
            return {"problem": f"it has {size:,} bytes, limit {len(content):,}"}
        try:
            entries = parse_ld_cache(content)
        except FormatError as error:
            return {"problem": str(error)}
        return {
            "entries": [
                [entry.name, entry.path, entry.flags, entry.hwcaps] for entry in entries if not entry.has_legacy_hwcaps
            ]
        }


@dataclass(frozen=True)
class LoaderConfExtractor:
    """Keeps the directories that ldconfig, musl and preload lists name."""

    name: str = "ld-conf"
    version: int = 1
    wants: Wants = field(
        default=Wants(
            paths=frozenset({PRELOAD_PATH, *(f"etc/ld-musl-{name}.path" for name in MUSL_ARCHITECTURES)}),
            suffixes=frozenset({".conf"}),
            limit=65536,
        )
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """`lines`, those that include files marked by a leading `include `; None for another program's file."""
        del size, mode
        if path == PRELOAD_PATH:
            return {"lines": list(parse_ld_preload(content))}
        if path.endswith(".path"):
            return {"lines": list(parse_ld_musl_path(content))}
        if "ld.so.conf" not in path and not path.startswith(_ALTERNATIVES):
            return None
        lines = parse_ld_conf(content)
        return {"lines": [f"include {line.text}" if line.is_include else line.text for line in lines]}


@dataclass(frozen=True)
class LoaderPathsExtractor:
    """Keeps the directories that are built into glibc's loaders."""

    name: str = "ld-so"
    version: int = 1
    wants: Wants = field(default=Wants(names=LOADER_NAMES, limit=4 << 20))
    """Loaders have 200,000 bytes, 1.5 million with symbols."""

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """`folders` and `lib`; None where the file is no such loader."""
        del size, mode
        if not re.match(rb"\x7fELF", content):
            return None
        found = parse_ld_so(content) if path else None
        return None if found is None else {"folders": list(found.folders), "lib": found.lib}
