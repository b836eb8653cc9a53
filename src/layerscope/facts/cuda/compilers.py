"""What kernels that are compiled while a program runs need: a C compiler and Python's headers."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.entry import EntryType

COMPILERS: Final = ("gcc", "clang", "cc")
"""What Triton looks for on the PATH, and the name that POSIX gives the compiler.

https://github.com/triton-lang/triton/blob/main/python/triton/runtime/build.py
"""

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What engines set where the config does not."""

_HEADER: Final = re.compile(r"(?:.*/)?include/(python\d\.\d+t?)/Python\.h")


class BuildTools(Fact, frozen=True):
    """C compilers on the PATH by their paths, and the Pythons (`python3.12`) whose headers are there.

    `variable` is the value of CC, which Triton obeys before it looks; `has_variable_target` whether that is there.
    """

    compilers: tuple[str, ...]
    headers: tuple[str, ...]
    variable: str
    has_variable_target: bool


class BuildToolsCollector(Collector):
    """Looks along the PATH and for Python.h."""

    name = "cuda.compilers"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact."""
        values = dict(entry.partition("=")[::2] for entry in context.image.config.runtime.env)
        folders = [folder for folder in values.get("PATH", DEFAULT_PATH).split(":") if folder.startswith("/")]
        found = [_find_program(context, f"{folder.rstrip('/')}/{name}") for name in COMPILERS for folder in folders]
        compilers = tuple(dict.fromkeys(path for path in found if path))
        headers = {match[1] for path in context.shared(find_marked_paths).headers if (match := _HEADER.fullmatch(path))}
        variable = values.get("CC", "")
        word = variable.split()[0] if variable.split() else ""
        places = [word] if word.startswith("/") else [f"{folder.rstrip('/')}/{word}" for folder in folders]
        yield BuildTools(
            evidence=Evidence(),
            compilers=compilers,
            headers=tuple(sorted(headers)),
            variable=word,
            has_variable_target=bool(word) and any(_find_program(context, place) for place in places),
        )


def _find_program(context: FactContext, path: str) -> str | None:
    """The path, if it leads to an executable file."""
    node = context.tree.resolve(path)
    return path if node is not None and node.type is EntryType.FILE and node.mode & 0o111 else None
