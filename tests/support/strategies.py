"""Random trees as tar members, and stacks of layers that change each other's paths."""

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from support.tar_header import V7_MAGIC, Dialect, Extension
from support.tar_member import Attributes
from support.tar_writer import (
    DIALECTS,
    Kind,
    Sparse,
    TarMember,
    can_hold,
    device,
    directory,
    fifo,
    file,
    hardlink,
    opaque,
    sparse_file,
    symlink,
    whiteout,
    write_tar,
)

SECOND: Final = 1_000_000_000
BLOCK_EDGES: Final = (0, 1, 511, 512, 513, 1023, 1024, 1025, 10239, 10240)
FEW_NAMES: Final = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Archive:
    """A random tree and how it was written."""

    dialect: Dialect
    members: tuple[TarMember, ...]

    @property
    def content(self) -> bytes:
        """The archive's bytes."""
        return write_tar(self.members, dialect=self.dialect)


def archives(dialects: tuple[Dialect, ...] = DIALECTS) -> SearchStrategy[Archive]:
    """A tree in any of the dialects, holding only what its dialect can write."""
    return st.sampled_from(dialects).flatmap(
        lambda dialect: trees(dialect).map(lambda members: Archive(dialect, tuple(members)))
    )


@st.composite
def trees(draw: DrawFn, dialect: Dialect, *, most: int = 12) -> list[TarMember]:
    """Members with different, normalised names; hard links point to files before them."""
    names = draw(st.lists(paths(), max_size=most, unique=True))
    members: list[TarMember] = []
    for name in names:
        if _collides(name, members):
            continue
        earlier = [member.name for member in members if member.kind is Kind.FILE]
        member = draw(_members(name, earlier, dialect))
        if can_hold(member, dialect):
            members.append(member)
    return members


def paths() -> SearchStrategy[str]:
    """Normalised paths: plain, long, foreign, not even UTF-8; never `..`, whiteouts or slashes at an end."""
    return st.lists(components(), min_size=1, max_size=4).map("/".join)


def components() -> SearchStrategy[str]:
    """One part of a path, at most 255 bytes."""
    plain = st.text("abcdefgh.-_", min_size=1, max_size=12)
    foreign = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
    raw = st.binary(min_size=1, max_size=20).map(lambda name: name.decode("utf-8", "surrogateescape"))
    long = st.integers(80, 255).map(lambda length: "n" * length)
    return st.one_of(plain, plain, plain, foreign, raw, long).filter(_is_component)


def contents() -> SearchStrategy[bytes]:
    """File contents: short ones, and sizes around the edges of blocks."""
    edges = st.sampled_from(BLOCK_EDGES).map(lambda size: (b"0123456789abcdef" * 641)[:size])
    return st.one_of(st.binary(max_size=300), edges)


def stacks(*, most: int = 4) -> SearchStrategy[list[list[TarMember]]]:
    """Layers, lowest first, over so few names that they hide, replace and remove each other's paths."""
    return st.lists(changes(), min_size=1, max_size=most)


@st.composite
def changes(draw: DrawFn) -> list[TarMember]:
    """One layer over few names: each path is changed once, parents come before children."""
    names = st.lists(st.sampled_from(FEW_NAMES), min_size=1, max_size=3).map("/".join)
    members: list[TarMember] = []
    kinds: dict[str, str] = {}
    for path in sorted(draw(st.lists(names, max_size=8, unique=True))):
        parents = [path[:place] for place, letter in enumerate(path) if letter == "/"]
        if any(kinds.get(parent, "directory") != "directory" for parent in parents):
            continue
        kinds[path] = draw(st.sampled_from(["file", "directory", "symlink", "whiteout", "opaque"]))
        members += _change(path, kinds[path], draw)
        kinds[path] = "directory" if kinds[path] == "opaque" else kinds[path]
    return members


def _change(path: str, kind: str, draw: DrawFn) -> list[TarMember]:
    match kind:
        case "file":
            return [file(path, draw(st.binary(max_size=8)), mode=draw(st.sampled_from([0o600, 0o644])))]
        case "directory":
            return [directory(path)]
        case "symlink":
            return [symlink(path, draw(st.sampled_from([*FEW_NAMES, "../a", "/b", "a/b", "..", "."])))]
        case "whiteout":
            return [whiteout(path)]
        case _:
            return [directory(path), opaque(path)]


@st.composite
def _members(draw: DrawFn, name: str, earlier: list[str], dialect: Dialect) -> TarMember:
    attributes = draw(_attributes(dialect))
    kinds = ["file", "file", "file", "directory", "symlink"]
    kinds += ["hardlink"] * bool(earlier)
    kinds += ["fifo", "device"] * (dialect.magic != V7_MAGIC)
    kinds += ["sparse"] * (dialect.extension is not Extension.NONE)
    match draw(st.sampled_from(kinds)):
        case "directory":
            return directory(name, **attributes)
        case "symlink":
            return symlink(name, draw(st.one_of(paths(), st.sampled_from(["..", "../x", "/abs", "."]))), **attributes)
        case "hardlink":
            return hardlink(name, draw(st.sampled_from(earlier)), **attributes)
        case "fifo":
            return fifo(name, **attributes)
        case "device":
            major, minor = draw(st.tuples(st.integers(0, 4095), st.integers(0, 8**7 - 1)))
            return device(name, major, minor, block=draw(st.booleans()), **attributes)
        case "sparse":
            return draw(_sparse_files(name, attributes, dialect))
        case _:
            return file(name, draw(contents()), **attributes)


@st.composite
def _sparse_files(draw: DrawFn, name: str, attributes: Attributes, dialect: Dialect) -> TarMember:
    formats = [Sparse.OLD_GNU] if dialect.extension is Extension.GNU else [Sparse.PAX_00, Sparse.PAX_01, Sparse.PAX_10]
    segments: list[tuple[int, bytes]] = []
    end = 0
    for gap, length in draw(st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 700)), max_size=30)):
        segments.append((end + gap, b"s" * length))
        end += gap + length
    size = end + draw(st.integers(0, 1000))
    return sparse_file(name, tuple(segments), size, draw(st.sampled_from(formats)), **attributes)


@st.composite
def _attributes(draw: DrawFn, dialect: Dialect) -> Attributes:
    owner = st.integers(0, 8**7 - 1) if dialect.extension is Extension.NONE else st.integers(0, 2**32 - 2)
    first = 0 if dialect.extension is Extension.NONE else -(2**33)
    step = 1 if dialect.extension is Extension.PAX else SECOND
    attributes: Attributes = {
        "mode": draw(st.integers(0, 0o7777)),
        "uid": draw(owner),
        "gid": draw(owner),
        "mtime_ns": draw(st.integers(first * SECOND // step, 8**11 * SECOND // step - 1)) * step,
    }
    if dialect.extension is Extension.PAX:
        keys = st.text("abc.", min_size=1, max_size=8).map("user.".__add__)
        attributes["xattrs"] = draw(st.dictionaries(keys, st.binary(max_size=20), max_size=2))
    return attributes


def _collides(name: str, members: list[TarMember]) -> bool:
    """Whether the name would lie below a member that is no directory, or such a name below it."""
    files = [member.name for member in members if member.kind is not Kind.DIRECTORY]
    below = any(member.name.startswith(name + "/") for member in members)
    return below or any(name.startswith(path + "/") for path in files)


def _is_component(text: str) -> bool:
    raw = text.encode("utf-8", "surrogateescape")
    forbidden = b"/" in raw or b"\0" in raw or text in {".", ".."} or text.startswith(".wh.")
    return not forbidden and len(raw) <= 255
