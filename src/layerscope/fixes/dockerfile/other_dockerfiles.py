"""The other Dockerfiles that may be built from a context, and which of them take a path of it as well."""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from layerscope.errors import FormatError
from layerscope.fixes.dockerfile.build_context import BuildContext, read_regular
from layerscope.fixes.dockerfile.copies import find_takers, read_copy
from layerscope.fixes.dockerfile.declared_builds import BAKE, COMPOSE, find_declared
from layerscope.fixes.dockerfile.named_builds import find_named, may_name
from layerscope.formats.dockerfile import Dockerfile, parse_dockerfile
from layerscope.rules.wording import tell_list

FOLDERS_LIMIT: Final = 5_000
"""Folders of a context that are looked into; a large repository of many services has some thousands."""

FILES_LIMIT: Final = 200
"""Dockerfiles that are read."""

NAMING_LIMIT: Final = 2_000
"""Makefiles, workflows and scripts that are searched for Dockerfiles of other names."""

SHOWN: Final = 3
"""Dockerfiles that are named."""

UNKNOWN: Final = "a Dockerfile further down"
"""What may take a path where a context has more folders or Dockerfiles than are looked at."""

UNNAMED: Final = "a Dockerfile that a script names"
"""What may take a path where a context has more files that may name one than are searched."""

_DOCKERFILE: Final = re.compile(
    r"(?i)(?:dockerfile|containerfile)(?:[.-][\w.-]+)?|[\w.-]+\.(?:dockerfile|containerfile)"
)
_OTHER: Final = (
    *(
        ".py",
        ".pyi",
        ".go",
        ".js",
        ".mjs",
        ".ts",
        ".tsx",
        ".rs",
        ".rb",
        ".java",
        ".kt",
        ".c",
        ".h",
        ".cc",
        ".cpp",
        ".cs",
    ),
    *(".lua", ".php", ".swift", ".vim", ".el", ".sh", ".md", ".rst", ".adoc", ".html", ".css"),
)
"""Endings of files that are something else, for all that they are called after Dockerfiles."""

_BINARY: Final = (".gz", ".jpg", ".pdf", ".png", ".pyc", ".svg", ".tgz", ".webp", ".xz", ".zip")

_PLAUSIBLE: Final = re.compile(r"(?i)dockerfile|containerfile|\.docker$")
"""In names of files that may be Dockerfiles, too, which their first instruction tells: an option names any file."""

_FIRST: Final = re.compile(
    r"(?:FROM\s+(?:--platform=\S+\s+)?\S+(?:\s+AS\s+\S+)?|ARG\s+\w+(?:=.*|\s.*)?)\s*\\?", re.IGNORECASE
)
_SHEBANG: Final = b"#!"
_SKIPPED: Final = frozenset({".git", ".hg", ".svn", ".tox", ".venv", "__pycache__", "node_modules"})
"""Folders whose Dockerfiles, if any, nobody builds from this context."""


def find_other_takers(context: BuildContext, paths: Collection[str]) -> list[str]:
    """The other Dockerfiles, by their paths, that take one of these paths of the context, or may."""
    root = context.root.resolve()
    found = (
        name
        for name, content in _iter_others(context)
        if content is None or _takes(content, paths, root, (root / name).parent)
    )
    return list(dict.fromkeys(found))


def tell_others(names: Sequence[str], what: str) -> str:
    """That others may take it, as the end of a title; nothing where none does."""
    if not names:
        return ""
    shown = tell_list(names[:SHOWN], shown=SHOWN, is_cut=len(names) > SHOWN)
    return f"; {shown} may take {what}, too"


def _takes(content: bytes, paths: Collection[str], root: Path, own: Path) -> bool:
    """Whether a Dockerfile, which lies in the folder `own`, takes one of the paths, or is not understood."""
    try:
        dockerfile = parse_dockerfile(content)
    except FormatError:
        return True
    is_taken = any(taken for path in paths for taken in find_takers(dockerfile, path))
    return is_taken and not (own != root and _is_built_from(dockerfile, root, own))


def _is_built_from(dockerfile: Dockerfile, root: Path, own: Path) -> bool:
    """Whether a Dockerfile is built from its own folder for sure: what it takes lies there, and not in the context."""
    copies = [copy for stage in dockerfile.stages for each in stage.instructions if (copy := read_copy(each, ""))]
    sources = {source for copy in copies if copy.is_plain for source in copy.sources} - {"."}
    return any(os.path.lexists(own / each) and not os.path.lexists(root / each) for each in sources)


def _iter_others(context: BuildContext) -> Iterator[tuple[str, bytes | None]]:
    """Each Dockerfile but the own one, by its path in the context; without content what cannot be known."""
    root, seen, count = context.root.resolve(), {context.dockerfile.resolve()}, 0
    names, naming = set[str](), list[Path]()
    for folder in _iter_folders(root, context.dockerfile.resolve().parent):
        if folder is None:
            yield UNKNOWN, None
            return
        for entry in _scan(folder):
            names.add(entry.name)
            if not _is_looked_at(entry.name):
                if (may_name(entry.name, folder) or _is_program(entry)) and entry.is_file():
                    naming.append(folder / entry.name)
                continue
            place = folder / entry.name
            if not place.is_file() or place.resolve() in seen:
                continue
            count += 1
            if count > FILES_LIMIT:
                yield UNKNOWN, None
                return
            yield from _read(place, root, seen)
    yield from _follow_names(naming, root, names, seen)


def _is_program(entry: os.DirEntry[str]) -> bool:
    """Whether a file without an ending may be run, as scripts may."""
    try:
        return "." not in entry.name and bool(entry.stat().st_mode & 0o111)
    except OSError:
        return False


def _has_shebang(place: Path) -> bool:
    """Whether a file begins as a script does."""
    try:
        with place.open("rb") as file:
            return file.read(len(_SHEBANG)) == _SHEBANG
    except OSError:
        return False


def _follow_names(
    naming: Sequence[Path], root: Path, names: Collection[str], seen: set[Path]
) -> Iterator[tuple[str, bytes | None]]:
    """The Dockerfiles that other files name, none twice; without content where one cannot be read."""
    for place in naming[:NAMING_LIMIT]:
        content = read_regular(place.resolve()) if may_name(place.name, place.parent) or _has_shebang(place) else b""
        if not isinstance(content, bytes):
            yield _name(place, root), None
            continue
        for named in find_named(place, content, root, names):
            if named is None:
                yield _name(place, root), None
                continue
            path, is_sure = named
            if path.resolve() in seen:
                continue
            seen.add(path.resolve())
            text = read_regular(path.resolve())
            if is_sure or (isinstance(text, bytes) and _has_first(text)):
                yield _name(path.resolve(), root), text if isinstance(text, bytes) else None
    if len(naming) > NAMING_LIMIT:
        yield UNNAMED, None


def _is_looked_at(name: str) -> bool:
    """Whether a file may be a Dockerfile, or tell of some, by its name."""
    is_plausible = _PLAUSIBLE.search(name) is not None and not name.lower().endswith(("ignore", *_BINARY))
    return is_plausible or any(form.fullmatch(name) for form in (COMPOSE, BAKE))


def _read(place: Path, root: Path, seen: set[Path]) -> Iterator[tuple[str, bytes | None]]:
    """A Dockerfile, or those of a file that declares builds, none twice."""
    content, name = read_regular(place), _name(place, root)
    if any(form.fullmatch(place.name) for form in (COMPOSE, BAKE)):
        for each in find_declared(place, content, root) if isinstance(content, bytes) else (None,):
            if not isinstance(each, Path):
                yield name, each
            elif each.is_file() and each.resolve() not in seen:
                seen.add(each.resolve())
                named = read_regular(each.resolve())
                yield _name(each.resolve(), root), named if isinstance(named, bytes) else None
    elif not isinstance(content, bytes) or _has_first(content) or _is_called_so(place.name):
        seen.add(place.resolve())
        yield name, content if isinstance(content, bytes) else None


def _is_called_so(name: str) -> bool:
    """Whether a file is a Dockerfile by its name alone; a program or a page about such is not."""
    return _DOCKERFILE.fullmatch(name) is not None and not name.lower().endswith(_OTHER)


def _has_first(content: bytes) -> bool:
    """Whether what comes first, behind comments and blank lines, is what a Dockerfile begins with."""
    lines = (line.strip() for line in content.decode("utf-8-sig", "replace").splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return _FIRST.fullmatch(first) is not None


def _name(place: Path, root: Path) -> str:
    return str(place.relative_to(root)) if place.is_relative_to(root) else place.name


def _iter_folders(root: Path, own: Path) -> Iterator[Path | None]:
    """The folders of a context, those nearest to its top first, and the Dockerfile's own; None where more are left."""
    if not own.is_relative_to(root):
        yield own
    waiting, count = [root], 0
    while waiting:
        below: list[Path] = []
        for folder in waiting:
            count += 1
            if count > FOLDERS_LIMIT:
                yield None
                return
            yield folder
            below += [
                folder / entry.name
                for entry in _scan(folder)
                if entry.name not in _SKIPPED and entry.is_dir(follow_symlinks=False)
            ]
        waiting = below


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds, in order; nothing of one that cannot be read, which no builder is sent either."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
