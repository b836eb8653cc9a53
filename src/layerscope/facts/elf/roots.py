"""Roots: the objects that something starts or imports, which is where a need that nothing meets does harm."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.system.commands import find_final_command
from layerscope.facts.system.programs import Program, ProgramFinder
from layerscope.formats.elf_object import ElfObject
from layerscope.formats.gnu_hash import HASH_SIZE, hash_names
from layerscope.layers.entry import EntryType

_EXTENSION: Final = re.compile(
    r"(?P<module>\w+)(?:\.(?:(?:cpython|pypy|graalpy)[\w.-]*|cp\d+[\w-]*|abi3))?\.so", re.ASCII
)
_TAGGED: Final = re.compile(r"\.(?:cpython-|abi3\.so$|pypy)")
_SITE: Final = re.compile(
    r"(?P<prefix>.*?)/?lib(?:64|32)?/(?:python|pypy)(?P<version>\d(?:\.\d+)?t?)/"
    r"(?P<kind>site-packages|dist-packages|lib-dynload)(?:/|$)"
)


class RootKind(StrEnum):
    """What starts or imports it, in the order of weight."""

    ENTRY = "entrypoint"
    PROGRAM = "program on the PATH"
    EXTENSION = "Python extension module"
    STANDARD_MODULE = "module of Python's standard library"
    OTHER_PROGRAM = "program off the PATH"


class Root(Struct, frozen=True):
    """One root: its real path, and for an extension module the site directory, and the interpreter that imports it."""

    path: str
    kind: RootKind
    site: str = ""
    python: str = ""

    @property
    def is_extension(self) -> bool:
        """Whether a Python process loads it, rather than the kernel."""
        return self.kind in {RootKind.EXTENSION, RootKind.STANDARD_MODULE}


def find_roots(context: FactContext, objects: Mapping[str, ElfObject]) -> tuple[Root, ...]:
    """The roots of an image, sorted by path."""
    found: dict[str, Root] = {}
    for path in _iter_entries(context):
        if path in objects:
            found[path] = Root(path, RootKind.ENTRY)
    for path in _iter_path_programs(context):
        if path in objects and objects[path].interpreter is not None:
            found.setdefault(path, Root(path, RootKind.PROGRAM))
    pythons = _Pythons(context, objects)
    for path, elf in objects.items():
        if path in found:
            continue
        if elf.interpreter is not None and elf.is_dynamic and ".so" not in path.rpartition("/")[2]:
            found[path] = Root(path, RootKind.OTHER_PROGRAM)
        elif is_extension_module(path, elf):
            found[path] = pythons.place(path)
    return tuple(found[path] for path in sorted(found))


def is_extension_module(path: str, elf: ElfObject) -> bool:
    """Whether Python can import it: named like a module, with the module's initialiser among its symbols."""
    match = _EXTENSION.fullmatch(path.rpartition("/")[2])
    if match is None or not elf.is_dynamic:
        return False
    if not elf.exports:
        return _TAGGED.search(path.rpartition("/")[2]) is not None
    return has_export(elf, f"PyInit_{match['module']}") or has_export(elf, f"init{match['module']}")


def has_export(elf: ElfObject, name: str) -> bool:
    """Whether an object defines a dynamic symbol."""
    exports, wanted = elf.exports, hash_names([name.encode("utf-8", "surrogateescape")])
    place = exports.find(wanted)
    while place > 0 and place % HASH_SIZE:  # the end of one hash and the start of the next
        place = exports.find(wanted, place + 1)
    return place >= 0


def find_site(path: str) -> str:
    """The site directory that a path lies in; empty where it lies in none."""
    match = _SITE.match(path)
    return "" if match is None or match["kind"] == "lib-dynload" else match.group().rstrip("/")


def _iter_entries(context: FactContext) -> Iterator[str]:
    """The programs that entrypoint and command come to run, and the interpreters of those that are scripts."""
    runtime = context.image.config.runtime
    command = (*runtime.entrypoint, *runtime.cmd)
    finder = ProgramFinder(context)
    words = [command[:1], find_final_command(command)[:1]]
    for word in dict.fromkeys(each[0] for each in words if each and each[0]):
        program: Program | None = finder.find(word)
        while program is not None:
            if program.path is not None:
                yield program.path
            program = program.interpreter


def _iter_path_programs(context: FactContext) -> Iterator[str]:
    """The real paths of all files that a PATH search can find."""
    tree = context.tree
    for folder in ProgramFinder(context).search_path:
        node = tree.resolve(folder)
        for child in tree.children(node.path) if node is not None else ():
            found = tree.get(child)
            if found is not None and found.type is EntryType.SYMLINK:
                found = tree.resolve(child)
            if found is not None and found.type is EntryType.FILE:
                yield found.path


class _Pythons:
    """The image's Python interpreters, and which of them imports from where."""

    def __init__(self, context: FactContext, objects: Mapping[str, ElfObject]) -> None:
        self._context = context
        self._objects = objects
        self._answers: dict[tuple[str, str], str] = {}

    def place(self, path: str) -> Root:
        """An extension module as a root."""
        match = _SITE.match(path)
        if match is None:
            return Root(path, RootKind.EXTENSION, path.rpartition("/")[0], self._find("", ""))
        python = self._find(match["prefix"], match["version"])
        if match["kind"] == "lib-dynload":
            return Root(path, RootKind.STANDARD_MODULE, "", python)
        return Root(path, RootKind.EXTENSION, find_site(path), python)

    def _find(self, prefix: str, version: str) -> str:
        """The real path of the interpreter of a prefix, else of one of that version on the PATH; empty if none is."""
        key = prefix, version
        if key not in self._answers:
            folders = dict.fromkeys((f"{prefix}/bin".lstrip("/"), *ProgramFinder(self._context).search_path))
            names = (f"python{version}", "python3", "python") if version else ("python3", "python")
            places = (f"{folder}/{name}" for folder in folders for name in names)
            nodes = (self._context.tree.resolve(place) for place in places)
            self._answers[key] = next(
                (node.path for node in nodes if node is not None and node.path in self._objects), ""
            )
        return self._answers[key]
