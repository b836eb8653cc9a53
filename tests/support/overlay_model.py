"""A slow, literal model of engines: each layer is unpacked onto a small disk, the disks are stacked as by overlayfs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from layerscope.layers.entry import EntryType
from support.indexes import place_member
from support.tar_member import TarMember

MAX_LINKS = 255


@dataclass(eq=False)
class Inode:
    """Anything on a disk but a directory; hard links are the same object under two names."""

    type: EntryType
    place: tuple[int, int]
    """Layer and position of the entry that brought it."""
    mode: int
    link: str = ""


@dataclass(eq=False)
class Folder:
    """A directory; `place` is None where no entry named it."""

    place: tuple[int, int] | None = None
    mode: int = 0o755
    children: dict[str, "Item"] = field(default_factory=dict)
    is_opaque: bool = False
    is_new: bool = False
    """Whether it lies over a whiteout of its own layer and so has nothing of the lower directory."""


class Whiteout:
    """The device that stands for a removed path."""


Item = Inode | Folder | Whiteout


def stack(layers: Sequence[Sequence[TarMember]]) -> Folder:
    """The disk that a container sees."""
    merged = Folder()
    for number, members in enumerate(layers):
        merged = _overlay(_unpack(number, members), merged)
    return merged


def iter_items(folder: Folder, prefix: str = "") -> Iterator[tuple[str, Inode | Folder]]:
    """All paths below a directory."""
    for name, item in sorted(folder.children.items()):
        path = f"{prefix}/{name}" if prefix else name
        assert not isinstance(item, Whiteout)
        yield path, item
        if isinstance(item, Folder):
            yield from iter_items(item, path)


def _overlay(upper: Folder, lower: Folder) -> Folder:
    """Two directories seen as one."""
    merged = Folder(upper.place, upper.mode)
    if upper.place is None and not upper.is_new:
        merged.place, merged.mode = lower.place, lower.mode
    hides_all = upper.is_opaque or upper.is_new
    for name in {**lower.children, **upper.children}:
        below = None if hides_all else lower.children.get(name)
        above = upper.children.get(name, below)
        if isinstance(above, Folder):
            is_merged = isinstance(below, Folder) and above is not below
            merged.children[name] = _overlay(above, below) if is_merged and isinstance(below, Folder) else _flat(above)
        elif isinstance(above, Inode):
            merged.children[name] = above
    return merged


def _flat(folder: Folder) -> Folder:
    """A directory with nothing below it: its marks mean nothing."""
    return _overlay(folder, Folder(folder.place, folder.mode))


def _unpack(number: int, members: Sequence[TarMember]) -> Folder:
    """One layer on a disk of its own."""
    root = Folder()
    for position, member in enumerate(members):
        path, kind = place_member(member)
        if kind is EntryType.OPAQUE:
            _make_opaque(root, _resolve(root, path))
        elif path and not (kind is EntryType.WHITEOUT and _is_blocked(root, path)):
            _place(root, path, (number, position), kind, member)
    return root


def _make_opaque(root: Folder, parts: list[str]) -> None:
    """Mark a directory, made if need be; a file or a whiteout stays what it is."""
    if not isinstance(_find(root, "/".join(parts)), Inode | Whiteout):
        folder = _enter(root, parts)
        folder.is_opaque = folder is not root


def _place(root: Folder, path: str, place: tuple[int, int], kind: EntryType, member: TarMember) -> None:
    parent, _, name = path.rpartition("/")
    folder = _enter(root, _resolve(root, parent))
    there = folder.children.get(name)
    if kind is EntryType.CHARACTER_DEVICE and member.device == (0, 0):
        folder.children[name] = Whiteout()
    elif kind is EntryType.WHITEOUT:
        if there is None:
            folder.children[name] = Whiteout()
        elif isinstance(there, Folder):
            there.is_new = True
    elif kind is EntryType.DIRECTORY:
        if not isinstance(there, Folder):
            there = folder.children[name] = Folder()
        there.place, there.mode, there.is_new = place, member.mode, False
    elif kind is EntryType.HARDLINK:
        target = _find(root, member.link)
        folder.children.pop(name, None)
        if isinstance(target, Whiteout):
            folder.children[name] = target
        elif isinstance(target, Inode) and target.type is not EntryType.HARDLINK:
            target.mode = target.mode if target.type is EntryType.SYMLINK else member.mode
            folder.children[name] = target
        else:
            folder.children[name] = Inode(kind, place, member.mode)
    else:
        folder.children[name] = Inode(kind, place, member.mode, member.link)


def _find(root: Folder, path: str) -> Item | None:
    """What a path names, links in its parent followed."""
    parent, _, name = path.rpartition("/")
    item: Item | None = root
    for part in _resolve(root, parent):
        item = item.children.get(part) if isinstance(item, Folder) else None
    return item.children.get(name) if isinstance(item, Folder) else None


def _is_blocked(root: Folder, path: str) -> bool:
    """Whether a path lies in what is no directory, so that podman leaves a whiteout out."""
    parts = _resolve(root, path.rpartition("/")[0])
    return any(isinstance(_find(root, "/".join(parts[:depth])), Inode | Whiteout) for depth in range(1, len(parts) + 1))


def _enter(root: Folder, parts: list[str]) -> Folder:
    """The directory at a path, made if need be; a whiteout under it stays in force."""
    folder = root
    for part in parts:
        there = folder.children.get(part)
        if not isinstance(there, Folder):
            folder.children[part] = there = Folder(is_new=isinstance(there, Whiteout))
        folder = there
    return folder


def _resolve(root: Folder, path: str) -> list[str]:
    """The parts of a directory's path, links followed; taken literally where they lead in a circle."""
    pending = [part for part in path.split("/") if part]
    done: list[str] = []
    followed = 0
    while pending:
        part = pending.pop(0)
        if part == "..":
            done = done[:-1]
        elif part not in {"", "."}:
            item: Item | None = root
            for step in [*done, part]:
                item = item.children.get(step) if isinstance(item, Folder) else None
            if isinstance(item, Inode) and item.type is EntryType.SYMLINK:
                followed += 1
                if followed > MAX_LINKS:
                    return [part for part in path.split("/") if part]
                done = [] if item.link.startswith("/") else done
                pending = item.link.split("/") + pending
            else:
                done.append(part)
    return done
