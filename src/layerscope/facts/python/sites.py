"""Site directories: where an interpreter looks for distributions, as its `site` module and Debian's patch of it do."""

import re
from collections.abc import Iterable
from posixpath import normpath
from typing import Final

from layerscope.facts.context import FactContext
from layerscope.facts.python.interpreters import Interpreter, find_interpreters
from layerscope.facts.python.metadata_extractor import read_kept
from layerscope.facts.python.places import find_places
from layerscope.formats.pth_file import PthFile
from layerscope.layers.entry import EntryType

DEBIAN_SITE: Final = "usr/lib/python3/dist-packages"
"""What apt installs, for every Python 3 of Debian (https://www.debian.org/doc/packaging-manuals/python-policy/)."""

ADDED_LIMIT: Final = 200
"""Directories that one environment's `.pth` files may add."""

_USER_SITE: Final = re.compile(r".*/\.local/lib/([^/]+)/site-packages")


def find_system_sites(context: FactContext, interpreter: Interpreter) -> tuple[list[str], tuple[str, ...]]:
    """The site directories of an interpreter itself, those of users included, and those it merely sees."""
    existing = context.shared(find_places).sites
    name, prefix = interpreter.folder_name, interpreter.prefix
    borrowed: tuple[str, ...] = ()
    if prefix == "usr" and any(_list_debian(name, existing)):
        wanted = _list_debian(name, existing)
        if not _is_default(context, interpreter):
            borrowed = tuple(site for site in wanted if site == DEBIAN_SITE)
        sites = [site for site in wanted if site not in borrowed]
    else:
        folders = ["usr/local", "usr"] if prefix == "usr" and not _has_local(context, name) else [prefix]
        wanted = [f"{folder}/{lib}/{name}/site-packages" for folder in folders for lib in ("lib", "lib64")]
        sites = [site.lstrip("/") for site in wanted if site.lstrip("/") in existing]
    if _is_first(context, interpreter):
        sites = [site for site in existing if (found := _USER_SITE.fullmatch(site)) and found[1] == name] + sites
    return sites, borrowed


def add_path_files(context: FactContext, sites: Iterable[str]) -> tuple[str, ...]:
    """The directories, followed by those that their `.pth` files name and that are there."""
    known = list(sites)
    added: list[str] = []
    for site in known:
        for path in context.tree.children(site):
            if path.endswith(".pth"):
                file = read_kept(context, context.tree.resolve(path), PthFile)
                lines = file.paths if file is not None else ()
                added += [_join(site, line) for line in lines[: ADDED_LIMIT - len(added)]]
    return tuple(dict.fromkeys([*known, *(path for path in added if _is_directory(context, path))]))


def list_python_path(context: FactContext) -> list[str]:
    """The directories of PYTHONPATH that are there."""
    runtime = context.image.config.runtime
    values = [entry.partition("=")[2] for entry in runtime.env if entry.startswith("PYTHONPATH=")]
    words = values[-1].split(":") if values else []
    paths = [_join(runtime.working_dir.strip("/"), word) for word in words if word]
    return list(dict.fromkeys(path for path in paths if _is_directory(context, path)))


def _list_debian(name: str, existing: tuple[str, ...]) -> list[str]:
    """Debian's site directories for a Python of that name, as far as they are there."""
    wanted = (f"usr/local/lib/{name}/dist-packages", DEBIAN_SITE, f"usr/lib/{name}/dist-packages")
    return [site for site in wanted if site in existing]


def _is_default(context: FactContext, interpreter: Interpreter) -> bool:
    """Whether `/usr/bin/python3` is this interpreter: for it, apt's packages are made."""
    node = context.tree.resolve("usr/bin/python3")
    return node is None or node.path == interpreter.path


def _has_local(context: FactContext, name: str) -> bool:
    """Whether an interpreter of the same version lies in /usr/local, which has the directories there."""
    found = context.shared(find_interpreters)
    return any(other.prefix == "usr/local" and other.folder_name == name for other in found)


def _is_first(context: FactContext, interpreter: Interpreter) -> bool:
    """Whether it is the first of its version, `/usr/local` before others: to it, users' directories are counted."""
    rivals = [other for other in context.shared(find_interpreters) if other.folder_name == interpreter.folder_name]
    return min(rivals, key=lambda other: (other.prefix != "usr/local", other.path)) == interpreter


def _join(site: str, line: str) -> str:
    """A directory as a site directory's file names it, without leading slash."""
    return normpath(f"/{line}" if line.startswith("/") else f"/{site}/{line}").lstrip("/")


def _is_directory(context: FactContext, path: str) -> bool:
    """Whether a directory lies there."""
    node = context.tree.resolve(path) if path else None
    return node is not None and node.type is EntryType.DIRECTORY
