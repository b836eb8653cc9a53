"""What packages on a registry say of our tables' rows, read from their files and metadata."""

import ast
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from layerscope.errors import PolicyError

FIRST_PTX: Final = (6, 0)
"""The first PTX ISA version that is kept: CUDA 9's."""

FIRST_TOOLKIT: Final = (10, 0)
"""The first toolkit whose architectures are kept."""

_PTX_TABLE: Final = "_ptx_to_cuda"
_CONDITION: Final = re.compile(
    r"if\(\$\{lang_var_\}TOOLKIT_VERSION VERSION_GREATER_EQUAL ([\d.]+)(?: AND .*VERSION_LESS ([\d.]+))?\)"
)
_CHANGE: Final = re.compile(r"(set|list)\((?:(APPEND|REMOVE_ITEM) )?CMAKE_CUDA_ARCHITECTURES_ALL ([\d ]+)\)")
_RUNTIMES: Final = (r"cuda-toolkit(?:\[[\w,]*\])?==(\d+\.\d+)", r"nvidia-cuda-runtime(?:-cu\d+)?==(\d+\.\d+)")
_PARTS: Final = {
    "cudnn": r"nvidia-cudnn-cu\d+==([\d.]+)",
    "nccl": r"nvidia-nccl-cu\d+==([\d.]+)",
    "triton": r"triton((?:[=~]=)[\d.]+)",
}

_Version = tuple[int, ...]
_START: Final[_Version] = (0,)
_ENDLESS: Final[_Version] = (sys.maxsize,)


class _Step(NamedTuple):
    """A change to the list of architectures, for toolkits from one version on and before another."""

    since: tuple[int, ...]
    before: tuple[int, ...]
    change: str
    names: frozenset[int]


def parse_ptx_isa(text: str) -> dict[str, str]:
    """PTX ISA version to the driver's CUDA version, from `_ptx_utils.py` of cuda-bindings; nothing of it is run."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == _PTX_TABLE for name in node.targets):
            table = ast.literal_eval(node.value)
            return {
                ptx: f"{cuda[0]}.{cuda[1]}"
                for ptx, cuda in table.items()
                if tuple(map(int, ptx.split("."))) >= FIRST_PTX
            }
    raise PolicyError(f"reading cuda-bindings: no {_PTX_TABLE} in _ptx_utils.py")


def parse_toolkit_arch(text: str) -> dict[str, tuple[int, ...]]:
    """Toolkit version to its architectures, from CMakeCUDAArchitecturesAll.cmake, wherever they change.

    The file is a list of conditions on the toolkit's version with changes below them; compilers other than NVIDIA's,
    which it asks about as well, know everything here.
    """
    steps: list[_Step] = []
    since, first = _START, _START
    before, ceiling = _ENDLESS, _ENDLESS
    for line in text.splitlines():
        if match := _CONDITION.search(line):
            since, before = _numbers(match[1]), min(ceiling, _numbers(match[2]) if match[2] else _ENDLESS)
        elif line.strip() == "else()":
            since, before, ceiling = _START, first, first
        elif match := _CHANGE.search(line):
            change = match[2] or match[1]
            steps.append(_Step(since, before, change, frozenset(map(int, match[3].split()))))
            first = since if change == "set" else first
    versions = sorted({step.since for step in steps if step.since >= FIRST_TOOLKIT})
    if not versions:
        raise PolicyError("reading CMake: no architectures by toolkit in CMakeCUDAArchitecturesAll.cmake")
    return {".".join(map(str, version)): _architectures(steps, version) for version in versions}


def parse_torch(report: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `pypi` from pip's report on one release of torch, without what must be measured."""
    (install,) = report["install"]
    metadata = install["metadata"]
    needs = "\n".join(metadata.get("requires_dist", ()))
    wheel = install["download_info"]["url"].rpartition("/")[2].removesuffix(".whl").split("-")
    row: dict[str, Any] = {"version": metadata["version"], "cuda": _first(needs, _RUNTIMES)}
    row["python"], row["platform"] = [wheel[-3]], wheel[-1].split(".")
    if metadata.get("requires_python"):
        row["requires_python"] = metadata["requires_python"]
    row |= {name: found for name, pattern in _PARTS.items() if (found := _first(needs, (pattern,)))}
    row["sm"] = []
    return row


def _architectures(steps: Sequence[_Step], version: tuple[int, ...]) -> tuple[int, ...]:
    found: frozenset[int] = frozenset()
    for step in steps:
        if step.since <= version < step.before:
            match step.change:
                case "set":
                    found = step.names
                case "APPEND":
                    found |= step.names
                case _:
                    found -= step.names
    return tuple(sorted(found))


def _first(text: str, patterns: Sequence[str]) -> str:
    matches = (re.search(rf"^{pattern}", text, re.MULTILINE) for pattern in patterns)
    return next((match[1] for match in matches if match), "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
