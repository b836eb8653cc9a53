"""How executables and libraries link, where that differs: needs, symbol versions, search paths and SONAMEs."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.diff.change import Change, ValueChange
from layerscope.diff.trees import Aspect, FileChange
from layerscope.facts.elf.inventory import parse_version
from layerscope.filesystem.node import Node
from layerscope.formats.elf_object import ElfObject

FindObject = Callable[[Node], ElfObject | None]

_STEM: Final = re.compile(r"(.+?)(?:-[0-9a-f]{8})?(?:-[\d.]+)?\.so(?:\.[\w.]+)?")
"""A library's name without its version, and without the digest that wheels put into it."""

_FAMILY: Final = re.compile(r"(.+)_([0-9.]+)")


@dataclass(frozen=True)
class LinkChange:
    """An executable or library that links otherwise; where it is another file by now, `old_path` is that of before.

    `needs` and `provides` are the newest symbol version of each family (`GLIBC`) before and after, as far as they are
    others; a family that was not needed before, or is not any more, has no value on that side.
    """

    path: str
    old_path: str
    soname: ValueChange | None = None
    interpreter: ValueChange | None = None
    needed_added: tuple[str, ...] = ()
    needed_removed: tuple[str, ...] = ()
    needs: tuple[ValueChange, ...] = ()
    provides: tuple[ValueChange, ...] = ()
    search_paths: tuple[ValueChange, ...] = ()
    """`RPATH` and `RUNPATH`."""

    @property
    def raised(self) -> tuple[ValueChange, ...]:
        """The families of which a newer version is needed than before; of a new one, the library that has it is new."""
        return tuple(each for each in self.needs if each.before and each.after and _is_newer(each.after, each.before))

    @property
    def lowered(self) -> tuple[ValueChange, ...]:
        """The families of which no version as new as before is provided any more."""
        return tuple(each for each in self.provides if each.before is not None and _is_newer(each.before, each.after))


def iter_link_changes(
    files: Sequence[FileChange], find_before: FindObject, find_after: FindObject
) -> Iterator[LinkChange]:
    """Every executable and library that both images have and that links otherwise, what can break others first.

    A library that came in the place of another version of it, in one folder, is compared with that.
    """
    found = []
    for one, other in _pair_files(files):
        before, after = find_before(one), find_after(other)
        if before is not None and after is not None and (change := _compare(one.path, before, other.path, after)):
            found.append(change)
    yield from sorted(found, key=lambda each: (_rank(each), each.path))


def _rank(change: LinkChange) -> int:
    """How soon a change is told: what others rest on, then other libraries and places, then versions alone."""
    if change.soname is not None or change.lowered:
        return 0
    is_elsewhere = change.needed_added or change.search_paths or change.interpreter is not None
    return 1 if is_elsewhere else 2 if change.raised else 3


def _pair_files(files: Sequence[FileChange]) -> Iterator[tuple[Node, Node]]:
    """Files whose contents differ, and those that took the place of another."""
    gone: dict[str, list[Node]] = {}
    come: dict[str, list[Node]] = {}
    for each in files:
        if each.before is not None and each.after is not None:
            if Aspect.CONTENT in each.aspects:
                yield each.before, each.after
        elif (node := each.after or each.before) is not None and (stem := _find_stem(node.path)):
            (come if each.change is Change.ADDED else gone).setdefault(stem, []).append(node)
    for stem, nodes in come.items():
        if len(nodes) == len(gone.get(stem, ())) == 1:
            yield gone[stem][0], nodes[0]


def _find_stem(path: str) -> str | None:
    folder, _, name = path.rpartition("/")
    match = _STEM.fullmatch(name)
    return f"{folder.removeprefix('usr/')}/{match[1]}" if match else None


def _compare(old_path: str, before: ElfObject, path: str, after: ElfObject) -> LinkChange | None:
    """What differs; None where nothing does, or where one of both could not be read whole."""
    if before.problems or after.problems:
        return None
    change = LinkChange(
        path,
        old_path,
        soname=_compare_values("SONAME", before.soname, after.soname),
        interpreter=_compare_values("ELF interpreter", before.interpreter, after.interpreter),
        needed_added=tuple(each for each in after.needed if each not in before.needed),
        needed_removed=tuple(each for each in before.needed if each not in after.needed),
        needs=tuple(_compare_versions(_list_required(before), _list_required(after))),
        provides=tuple(_compare_versions(before.provided_versions, after.provided_versions)),
        search_paths=tuple(
            change
            for name, one, other in (("RPATH", before.rpath, after.rpath), ("RUNPATH", before.runpath, after.runpath))
            if (change := _compare_values(name, one, other)) is not None
        ),
    )
    return change if change != LinkChange(path, old_path) else None


def _compare_values(name: str, before: str | None, after: str | None) -> ValueChange | None:
    return None if before == after else ValueChange(name, before, after)


def _list_required(elf: ElfObject) -> list[str]:
    """The versions without which the object does not start."""
    return [each.version for each in elf.required_versions if not each.is_weak]


def _compare_versions(before: Iterable[str], after: Iterable[str]) -> Iterator[ValueChange]:
    one, other = _find_newest(before), _find_newest(after)
    for family in sorted(one.keys() | other.keys()):
        if one.get(family) != other.get(family):
            yield ValueChange(family, one.get(family), other.get(family))


def _find_newest(versions: Iterable[str]) -> Mapping[str, str]:
    """The newest version of each family of which versions have numbers."""
    newest: dict[str, tuple[tuple[int, ...], str]] = {}
    for text in versions:
        match = _FAMILY.fullmatch(text)
        parsed = parse_version(match[2]) if match else None
        if match and parsed is not None and (match[1] not in newest or parsed > newest[match[1]][0]):
            newest[match[1]] = (parsed, match[2])
    return {family: version for family, (_, version) in newest.items()}


def _is_newer(version: str, other: str | None) -> bool:
    """Whether a version is newer than another, as any is than none."""
    return other is None or (parse_version(version) or ()) > (parse_version(other) or ())
