"""What layerscope imports is what its package asks for."""

import ast
import sys
from collections.abc import Collection
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final[dict[str, Any]] = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED: Final = {
    canonicalize_name(requirement.name): requirement for requirement in map(Requirement, PROJECT["dependencies"])
}

EXTRAS: Final = {
    canonicalize_name(requirement.name): extra
    for extra, texts in PROJECT["optional-dependencies"].items()
    if extra not in {"dev", "bench", "fuzz"}
    for requirement in map(Requirement, texts)
}
"""What people may leave out, with the extra that brings it."""

ONLY_IN: Final = {
    "sbom": ("src/layerscope/report/sbom",),
    "compose": ("src/layerscope/gate/compose_yaml.py", "src/layerscope/fixes/dockerfile/declared_builds.py"),
}
"""Where the libraries of an extra are imported; whoever asks for that without them is told, or has more to review."""

UNDECLARED: Final = {
    "compression": "the standard library has it from Python 3.14 on",
    "requests": "docker speaks through it, and its errors are docker's",
    "torch": "looked for where the person has it",
}


def list_imported(place: str = "src", *, but: Collection[str] = ()) -> set[str]:
    """The top-level modules that a file or folder imports, but for their own and those of the standard library."""
    found: set[str] = set()
    start = ROOT / place
    for path in [start] if start.is_file() else start.rglob("*.py"):
        if "payload" in path.parts or any(path.is_relative_to(ROOT / each) for each in but):
            continue  # the payload runs in the image's Python, with what is there
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - {"layerscope", *sys.stdlib_module_names}


def test_everything_imported_is_declared() -> None:
    """Nothing is there only because another dependency needs it today."""
    missing = list_undeclared(list_imported(but=list(chain(*ONLY_IN.values()))), set(DECLARED))
    assert missing == set()


@pytest.mark.parametrize("extra", ONLY_IN)
def test_what_an_extra_brings_is_imported_in_its_place_alone(extra: str) -> None:
    """Bills of materials and compose files, whose libraries not everybody needs."""
    wanted = {name for name, brought_by in EXTRAS.items() if brought_by == extra}
    for place in ONLY_IN[extra]:
        assert list_undeclared(list_imported(place), set(DECLARED) | wanted) == set()


def list_undeclared(modules: set[str], declared: set[str]) -> set[str]:
    """The modules that none of these distributions brings."""
    distributions = packages_distributions()
    return {
        module
        for module in modules - set(UNDECLARED)
        if not any(canonicalize_name(name) in declared for name in distributions.get(module, [module]))
    }


def test_no_answer_is_decoded_beyond_what_is_asked_for() -> None:
    """Older ones have no `read1`, or decode a small answer to hundreds of megabytes at once (GHSA-2xpw-w6gg-jr37)."""
    for version in ("1.26.20", "2.0.7", "2.5.0", "2.6.3"):
        assert not DECLARED[canonicalize_name("urllib3")].specifier.contains(version)
