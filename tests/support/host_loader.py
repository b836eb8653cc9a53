"""This host's own dynamic loader, asked what it would load, and a view of this host's files for our replay of it."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from layerscope.errors import FormatError
from layerscope.facts.elf.dynamic_tokens import Tokens
from layerscope.facts.elf.folder_search import FolderSearch
from layerscope.facts.elf.glibc_replay import GlibcReplay
from layerscope.facts.elf.loader_settings import CachedLibrary, LoaderKind, LoaderSettings
from layerscope.formats.elf_object import ElfObject
from layerscope.formats.elf_reader import parse_elf
from layerscope.formats.ld_cache import parse_ld_cache
from layerscope.formats.ld_so import parse_ld_so

LOADER = Path("/lib64/ld-linux-x86-64.so.2")
CACHE = Path("/etc/ld.so.cache")

Loaded = dict[str, str | None]
"""What each needed name leads to: the path it was opened by, None where nothing was found."""


class HostFiles:
    """The files of this host, objects read when they are asked for."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._objects: dict[str, ElfObject | None] = {}

    def find_file(self, folder: str, name: str) -> str | None:
        """The regular file."""
        path = os.path.realpath(f"{folder}/{name}")
        return path.lstrip("/") if Path(path).is_file() else None

    def find_folder(self, folder: str) -> str | None:
        """The folder."""
        path = os.path.realpath(folder)
        return path.lstrip("/") if Path(path).is_dir() else None

    def find_object(self, path: str) -> ElfObject | None:
        """The object."""
        if path not in self._objects:
            try:
                self._objects[path] = parse_elf(Path(f"/{path}").read_bytes())
            except FormatError:
                self._objects[path] = None
        return self._objects[path]


def host_settings(*, working_directory: str = "/") -> LoaderSettings:
    """What configures this host's loader, `LD_LIBRARY_PATH` left out."""
    built_in = parse_ld_so(LOADER.read_bytes())
    assert built_in is not None
    libraries: dict[str, tuple[CachedLibrary, ...]] = {}
    if CACHE.exists():
        for entry in parse_ld_cache(CACHE.read_bytes()):
            known = libraries.get(entry.name, ())
            libraries[entry.name] = (*known, CachedLibrary(entry.path, entry.flags, entry.hwcaps))
    return LoaderSettings(
        kind=LoaderKind.GLIBC,
        interpreter=str(LOADER),
        interpreter_path=os.path.realpath(LOADER).lstrip("/"),
        default_folders=built_in.folders,
        cache=libraries,
        hwcaps=tuple(re.findall(r"(x86-64-v\d) \(supported", _run("--help"))),
        tokens=Tokens(built_in.lib, "x86_64"),
        working_directory=working_directory,
    )


def ask_loader(
    path: Path, *, library_path: Sequence[str] = (), cwd: Path | None = None, uses_cache: bool = True
) -> Loaded:
    """What the loader says that it would load, each object once; names of the loader itself are left out."""
    arguments = [] if uses_cache else ["--inhibit-cache"]
    variables = {"LD_TRACE_LOADED_OBJECTS": "1"}
    if library_path:
        variables["LD_LIBRARY_PATH"] = ":".join(library_path)
    found: Loaded = {}
    for line in _run(*arguments, str(path), variables=variables, cwd=cwd).splitlines():
        match = re.fullmatch(r"\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?", line)
        if match is not None and "ld-linux" not in match[1]:
            found[match[1]] = None if match[2] == "not found" else match[2]
    return found


def replay_loader(
    files: HostFiles, path: Path, settings: LoaderSettings, *, library_path: Sequence[str] = (), uses_cache: bool = True
) -> Loaded:
    """The same by our replay."""
    parts = tuple(
        part if part.startswith(("/", "$")) else f"{settings.working_directory}/{part}" for part in library_path
    )
    settings = replace(settings, library_path=parts, cache=settings.cache if uses_cache else {})
    search = FolderSearch(files, bits=64, machine=62, hwcaps=settings.hwcaps)
    process = GlibcReplay(settings, search)
    real = os.path.realpath(path).lstrip("/")
    elf = files.find_object(real)
    assert elf is not None
    process.start(real, elf, found=str(path))
    found: Loaded = {}
    for item in process.objects:
        for edge in item.edges:
            if "ld-linux" in edge.needed:
                continue
            if edge.target is None:
                found.setdefault(edge.needed, None)
            elif edge.target.loader is item and edge.target.found not in found.values():
                found[edge.needed] = edge.target.found
    return found


def _run(*arguments: str, variables: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """The loader's standard output."""
    done = subprocess.run(
        [str(LOADER), *arguments], env=dict(variables or {}), cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.stdout
