"""Refreshes our tables from package registries: `python -m layerscope.policies.refresh`, run by maintainers.

New rows are written where packages say so, a row that they contradict is told and left, and what has to be looked up by
hand is listed. The tables are replaced only if they keep their laws.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import tomli

from layerscope.policies.cuda_driver import read_cuda_drivers
from layerscope.policies.gpu_arch import read_gpu_architectures
from layerscope.policies.policies import TABLES
from layerscope.policies.refresh_sources import parse_ptx_isa, parse_toolkit_arch, parse_torch
from layerscope.policies.table import parse_numbers
from layerscope.policies.torch_wheels import read_torch_wheels

FOLDER: Final = Path(__file__).parent / "tables"

_READERS: Final[Mapping[str, Callable[[Path], object]]] = {
    "cuda_driver": read_cuda_drivers,
    "gpu_arch": read_gpu_architectures,
    "torch_wheels": read_torch_wheels,
}

Fetch = Callable[[str, str], str]
"""The text of a file, by its name, in the newest wheel of a package."""

Report = Callable[[str], Mapping[str, Any]]
"""pip's report on one requirement."""


@dataclass
class Refresh:
    """The tables as text while they are refreshed, and what there is to tell."""

    folder: Path
    notes: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def rows(self, table: str, kind: str) -> list[dict[str, Any]]:
        """The rows of one kind as they stand."""
        rows: list[dict[str, Any]] = tomli.loads(self.text(table))[kind]
        return rows

    def text(self, table: str) -> str:
        """The table's text as it stands."""
        if table not in self.texts:
            self.texts[table] = (self.folder / f"{table}.toml").read_text(encoding="utf-8")
        return self.texts[table]

    def add(self, table: str, kind: str, row: Mapping[str, Any], *, first: bool = False) -> None:
        """Write a row behind the last of its kind, or before the first."""
        block = f"[[{kind}]]\n" + "".join(f"{key} = {_spell(value)}\n" for key, value in row.items())
        text = self.text(table)
        mark = f"[[{kind}]]\n"
        if first:
            place = text.index(mark)
        else:
            end = text.find("\n[[", text.rindex(mark))
            place = len(text) if end < 0 else end + 1
        separator = "\n" if place == len(text) else ""
        self.texts[table] = text[:place] + separator + block + ("" if separator else "\n") + text[place:]
        self.notes.append(f"{table}: new {kind} {next(value for key, value in row.items() if key != 'source')}")


def refresh_tables(folder: Path, fetch: Fetch, report: Report) -> list[str]:
    """Refresh the tables in `folder`; returns what was done, and what is left for a person."""
    work = Refresh(folder)
    _refresh_ptx(work, fetch)
    _refresh_toolkits(work, fetch)
    _refresh_torch(work, report)
    _replace(work)
    for table in TABLES:
        head = tomli.loads((folder / f"{table}.toml").read_text(encoding="utf-8"))["policy"]
        work.notes.append(f"{table}, checked {head['date']}, by hand: {head['refresh']}")
    return work.notes


def _refresh_ptx(work: Refresh, fetch: Fetch) -> None:
    known = {row["ptx"]: row["min_driver_cuda"] for row in work.rows("cuda_driver", "ptx_isa")}
    for ptx, cuda in parse_ptx_isa(fetch("cuda-bindings", "_ptx_utils.py")).items():
        if ptx not in known:
            source = "PyPI cuda-bindings, cuda/bindings/utils/_ptx_utils.py (Apache-2.0)"
            work.add("cuda_driver", "ptx_isa", {"source": source, "ptx": ptx, "min_driver_cuda": cuda})
        elif known[ptx] != cuda:
            work.notes.append(f"cuda_driver: PTX {ptx} needs CUDA {known[ptx]} here, {cuda} in cuda-bindings")


def _refresh_toolkits(work: Refresh, fetch: Fetch) -> None:
    known = {row["since"]: row["sm"] for row in work.rows("gpu_arch", "toolkit_arch")}
    newest = max(map(_numbers, known))
    for since, sm in parse_toolkit_arch(fetch("cmake", "CMakeCUDAArchitecturesAll.cmake")).items():
        if since in known and list(sm) != known[since]:
            work.notes.append(f"gpu_arch: CUDA {since} compiles for {known[since]} here, {list(sm)} in CMake")
        elif since not in known and _numbers(since) > newest:
            source = "CMakeCUDAArchitecturesAll.cmake (PyPI cmake)"
            work.add("gpu_arch", "toolkit_arch", {"source": source, "since": since, "sm": list(sm)})


def _refresh_torch(work: Refresh, report: Report) -> None:
    """The newest release, if it is new; releases between are left to a second run that names them."""
    row = parse_torch(report("torch"))
    known = [each["version"] for each in work.rows("torch_wheels", "pypi")]
    if row["version"] not in known and row["cuda"]:
        work.add("torch_wheels", "pypi", {"source": "PyPI wheel metadata (pip --report)", **row}, first=True)
        work.notes.append(f"torch_wheels: fill in all Python tags of {row['version']}, and measure its sm")


def _replace(work: Refresh) -> None:
    """Write the tables that changed, after they were read back from elsewhere."""
    today = datetime.now(UTC).date().isoformat()
    with tempfile.TemporaryDirectory() as place:
        for table, text in work.texts.items():
            before = (work.folder / f"{table}.toml").read_text(encoding="utf-8")
            if text == before:
                continue
            dated = "".join(
                f"date = {today}\n" if line.startswith("date = ") else line for line in text.splitlines(keepends=True)
            )
            new = Path(place, f"{table}.toml")
            new.write_text(dated, encoding="utf-8")
            _READERS[table](Path(place))
            shutil.copyfile(new, work.folder / f"{table}.toml")


def fetch_from_registry(package: str, name: str) -> str:
    """A file of the newest wheel, by pip."""
    with tempfile.TemporaryDirectory() as place:
        _run_pip("download", "--no-deps", "--only-binary", ":all:", "--dest", place, package)
        (wheel,) = Path(place).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (member,) = [each for each in archive.namelist() if each.rpartition("/")[2] == name]
            return archive.read(member).decode("utf-8")


def report_from_registry(requirement: str) -> Mapping[str, Any]:
    """Pip's report on a requirement, from its metadata alone."""
    answer = _run_pip("install", "--dry-run", "--no-deps", "--ignore-installed", "--report", "-", requirement)
    found: Mapping[str, Any] = json.loads(answer)
    return found


def _run_pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own words


def _spell(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _numbers(version: str) -> tuple[int, ...]:
    return parse_numbers(version, what="a version")


if __name__ == "__main__":
    sys.stdout.write("\n".join(refresh_tables(FOLDER, fetch_from_registry, report_from_registry)) + "\n")
