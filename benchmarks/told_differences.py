"""Checks that `layerscope diff` tells every difference that `diff --recursive` finds between the unpacked images."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.layerscope_runs import PROGRAM
from benchmarks.measure import MeasureError

COMPARE = ("diff", "--recursive", "--brief", "--no-dereference")
_BOTH = re.compile(r"(?:Files|Symbolic links) (?P<path>.+?) and .+ differ")
_KINDS = re.compile(r"File (?P<path>.+?) is an? (?P<kind>.+?) while file .+ is an? (?P<other>.+?)")
_ONE = re.compile(r"Only in (?P<folder>.+?): (?P<name>.+)")


def require_told(references: Sequence[str], roots: Sequence[Path], cache: Path) -> None:
    """Raise MeasureError where a path that differs is told by diff and not by layerscope."""
    untold = sorted(set(_find_differing(roots)) - _find_told(references, cache))
    if untold:
        shown = ", ".join(untold[:5])
        raise MeasureError(f"comparing {' and '.join(references)}: diff tells {len(untold)} paths more: {shown}")


def _find_differing(roots: Sequence[Path]) -> Iterator[str]:
    """The paths that diff names; of a folder that one side lacks that is the folder alone."""
    done = subprocess.run(
        (*COMPARE, *map(str, roots)), env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise MeasureError(f"comparing {roots[0]} and {roots[1]}: {done.stderr.strip()[-200:]}")
    for line in done.stdout.splitlines():
        if found := _ONE.fullmatch(line):
            path = Path(found["folder"], found["name"])
        elif found := _BOTH.fullmatch(line):
            path = Path(found["path"])
        elif found := _KINDS.fullmatch(line):
            if found["kind"] == found["other"]:  # devices, which diff looks at no further
                continue
            path = Path(found["path"])
        else:
            raise MeasureError(f"reading what diff tells: expected a difference, found {line!r}")
        root = next(root for root in roots if path.is_relative_to(root))
        yield f"/{path.relative_to(root)}"


def _find_told(references: Sequence[str], cache: Path) -> set[str]:
    """The paths in layerscope's report."""
    words = (str(PROGRAM), "diff", *references, "--output", "json", "--cache-dir", str(cache))
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode not in {0, 1}:
        raise MeasureError(f"running {' '.join(words[:4])}: exit code {done.returncode}")
    return {change["path"] for change in json.loads(done.stdout)["files"]}
