"""In what two folders differ, as `diff` and `find` say: an oracle for comparisons of files."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from layerscope.diff.trees import Aspect, FileChange
from layerscope.layers.entry import EntryType

FORMAT: Final = r"%P\t%y\t%m\t%U:%G\t%l\t%n\t%T@\0"
TYPE, MODE, OWNER, LINK, LINKS, TIME = range(6)


def find(root: Path, depth: int) -> dict[str, list[str]]:
    """Every path that deep or deeper, as `find` sees it."""
    command = ["find", str(root), "-mindepth", str(depth), "-printf", FORMAT]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode(errors="surrogateescape")
    return {path: row for path, *row in (line.split("\t") for line in told.split("\0") if line)}


def find_other_contents(before: Path, after: Path) -> set[str]:
    """The regular files whose bytes differ, as `diff` says."""
    command = ["diff", "-rq", "--no-dereference", str(before), str(after)]
    told = (
        subprocess.run(command, stdout=subprocess.PIPE, check=False)
        .stdout.decode(errors="surrogateescape")
        .splitlines()
    )
    files = (line.split(" ")[1] for line in told if line.startswith("Files ") and line.endswith(" differ"))
    return {str(Path(name).relative_to(before)) for name in files}


def iter_expected(before: Path, after: Path, *, depth: int = 1) -> Iterator[tuple[str, frozenset[Aspect] | None]]:
    """Each path that differs, with how; None for one that came or went. Times of directories are the engine's own."""
    one, other, contents = find(before, depth), find(after, depth), find_other_contents(before, after)
    for path in one.keys() | other.keys():
        if path not in one or path not in other:
            yield path, None
            continue
        old, new = one[path], other[path]
        has_type, is_file = old[TYPE] == new[TYPE], "d" not in {old[TYPE], new[TYPE]}
        found = {
            Aspect.TYPE: not has_type,
            Aspect.CONTENT: has_type and (path in contents or old[LINK] != new[LINK]),
            Aspect.MODE: old[MODE] != new[MODE],
            Aspect.OWNER: old[OWNER] != new[OWNER],
            Aspect.HARD_LINKS: is_file and old[LINKS] != new[LINKS],
            Aspect.TIME: is_file and int(float(old[TIME])) != int(float(new[TIME])),
        }
        if any(found.values()):
            yield path, frozenset(aspect for aspect, differs in found.items() if differs)


def see(change: FileChange) -> frozenset[Aspect] | None:
    """How a path differs, as layerscope tells it."""
    if not change.aspects:
        return None
    kinds = {node.type for node in (change.before, change.after) if node is not None}
    return frozenset(change.aspects) - ({Aspect.TIME, Aspect.HARD_LINKS} if EntryType.DIRECTORY in kinds else set())
