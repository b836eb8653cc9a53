"""Stage `loader`: how the loader searches for each library while a module is imported, in its own words.

A process of its own imports the module with LD_DEBUG=libs, which glibc's loader answers by writing down each name that
it searches, each folder with the reason why it is searched, and each file that it tries. No privilege is needed.
"""

import os
import sys
import time
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.host_files import list_folder, read_text
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import SkippedStage

MOST_TRACE = 8 << 20
"""Bytes of a trace that are read; importing torch takes 32 kB of them without CUDA, and some hundred with it."""

MOST_LIBRARIES_TOLD = 20_000
"""Characters of all that is told, which a record has to hold."""

MOST_TRIED = 4
"""Paths that were tried in vain and are named; their number is told, too."""

TRACE_SECONDS = 180


def trace_imports(modules: List[str], scratch: str) -> Tuple[str, Dict[str, Any]]:
    """Each library that importing these modules makes the loader search, once, and how it was found."""
    if not modules:
        raise SkippedStage("the image has none of the packages that generate")
    folder = os.path.join(scratch, "trace")
    os.makedirs(folder, 0o700)
    values: Dict[str, Any] = {"modules": {}, "left_out": 0}
    told, size = set(), 0  # type: Any, int
    for module in modules:
        found, error, seconds = _trace(module, os.path.join(folder, module))
        kept = []
        for each in found:
            if (each["name"], each["path"]) in told:
                continue
            told.add((each["name"], each["path"]))
            size += 60 + sum(len(str(value)) for value in each.values())
            if size > MOST_LIBRARIES_TOLD:
                values["left_out"] += 1
            else:
                kept.append(each)
        values["modules"][module] = {"libraries": kept, "seconds": seconds, "error": error}
    if not told:
        raise SkippedStage("this C library's loader tells nothing of its search (LD_DEBUG is glibc's)")
    lost = sorted({each["name"] for row in values["modules"].values() for each in row["libraries"] if not each["path"]})
    missing = ", not found: {}".format(" ".join(lost)) if lost else ""
    return f"{len(told)} libraries searched{missing}", values


def _trace(module: str, place: str) -> Tuple[List[Dict[str, Any]], str, float]:
    """What was searched, what the import raised, and how long it took."""
    import subprocess

    environment = dict(os.environ, LD_DEBUG="libs", LD_DEBUG_OUTPUT=place)
    command, began = [sys.executable, "-c", "import " + module], time.monotonic()
    try:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, printed = process.communicate(timeout=TRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, printed = process.communicate()
    seconds = round(time.monotonic() - began, 3)
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    error = shorten(lines[-1], 600) if process.returncode and lines else ""
    folder, name = os.path.split(place)
    written = f"{name}.{process.pid}"
    text = read_text(os.path.join(folder, written), MOST_TRACE) if written in list_folder(folder) else ""
    return parse_trace(text), error, seconds


def parse_trace(text: str) -> List[Dict[str, Any]]:
    """Each search: the name, the file that won (empty: none), by which step, and whose folders these were.

    `tried` are the last files that were not there, `count` how many they were.
    """
    found: List[Dict[str, Any]] = []
    current: Optional[Dict[str, Any]] = None
    step, asking = "", ""
    for line in text.splitlines():
        said = line.partition(":\t")[2].strip()
        if said.startswith("find library="):
            name = said[len("find library=") :].partition(" [")[0]
            current = {"name": name, "path": "", "step": "", "for": "", "tried": [], "count": 0}
            found.append(current)
            step, asking = "", ""
        elif current is None:
            continue
        elif said.startswith("search path="):
            step, asking = _read_reason(said)
        elif said.startswith("search cache="):
            step, asking = "ld.so.cache", ""
        elif said.startswith("trying file="):
            _note_file(current, said[len("trying file=") :], step, asking)
        elif said.startswith(("calling init", "initialize program")):
            current = None
    return found


def _read_reason(said: str) -> Tuple[str, str]:
    """Why a list of folders is searched, and whose it is: `(RUNPATH from file X)`, `(LD_LIBRARY_PATH)`."""
    reason = said.rpartition("\t(")[2].rstrip(")")
    kind, _, file = reason.partition(" from file ")
    return ("default directories" if kind == "system search path" else kind), file


def _note_file(current: Dict[str, Any], path: str, step: str, asking: str) -> None:
    """The last file that is there is the one that was taken: the loader stops at it."""
    if os.path.exists(path):
        current.update(path=os.path.realpath(path), step=step)
        current["for"] = asking
    else:
        current["count"] += 1
        current["tried"] = (current["tried"] + [path])[-MOST_TRIED:]
