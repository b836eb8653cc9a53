"""Files of the host at paths of an image: where a file is, in its place; where none is, in a layer of their own."""

import hashlib
import re
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from layerscope.errors import SourceError, UsageError
from layerscope.fixes.surgery.cuts import Attributes, NewFile
from layerscope.fixes.surgery.new_content import iter_content, read_new_file
from layerscope.rules.layer_edit import DropHidden
from support.edited_layers import EditedLayers, Layers, edit_tars
from support.strategies import SECOND
from support.tar_header import PAX
from support.tar_member import Sparse, directory, file, hardlink, opaque, sparse_file, symlink, whiteout
from support.tar_writer import write_tar

OLD, NEW = b"old content", b"new content, which is longer"
WHEN = 9 * SECOND


@pytest.fixture
def new(tmp_path: Path) -> NewFile:
    """A file of the host."""
    path = tmp_path / "new"
    path.write_bytes(NEW)
    return NewFile(path, len(NEW), hashlib.sha256(NEW).digest(), Attributes(0o755, 0, 0, WHEN))


def put(layers: Layers, files: dict[str, NewFile], *edits: DropHidden) -> EditedLayers:
    """The layers with the files, which a container sees beside all that it saw."""
    edited = edit_tars([write_tar(layer, dialect=PAX) for layer in layers], edits, files=files)
    assert edited.differences == ()
    return edited


def read(tar: bytes, name: str) -> bytes:
    """A file's content, as Python reads it."""
    with tarfile.open(fileobj=BytesIO(tar)) as archive:
        member = archive.extractfile(name)
        assert member is not None
        return member.read()


def test_a_file_is_replaced_in_its_layer(new: NewFile) -> None:
    """Owner, mode and extended attributes stay; size, content and time are the new ones."""
    old = file("d/a", OLD, mode=0o600, uid=7, gid=8, mtime_ns=SECOND, xattrs={"user.k": b"v"})
    edited = put([[directory("d"), old, file("d/b", b"1")], [file("c", b"2")]], {"d/a": new})
    assert edited.names == [["d", "d/a", "d/b"], ["c"]]
    node = edited.node("d/a")
    assert (node.mode, node.uid, node.gid, node.mtime_ns) == (0o600, 7, 8, WHEN)
    assert dict(node.xattrs) == {"user.k": b"v"}
    assert read(edited.tars[0], "d/a") == NEW
    assert read(edited.tars[0], "d/b") == b"1"


def test_no_older_copy_is_left(new: NewFile) -> None:
    """Neither what was overwritten, nor what was removed, nor the same content with other attributes."""
    layers = [[file("a", b"1")], [file("a", b"2")], [whiteout("a")], [file("a", OLD)], [file("a", OLD, mode=0o755)]]
    edited = put(layers, {"a": new})
    assert edited.names == [[], [], [], [], ["a"]]
    assert read(edited.tars[4], "a") == NEW


def test_a_copy_that_is_replaced_joins_no_other(new: NewFile) -> None:
    """Also where an edit would have the first copy stay."""
    edited = put([[file("a", OLD), file("b")], [file("a", OLD, mode=0o755)]], {"a": new}, DropHidden("metadata", 1))
    assert edited.names == [["b"], ["a"]]


def test_a_file_with_holes_is_replaced_as_a_whole(new: NewFile) -> None:
    """Its map goes with it."""
    edited = put([[sparse_file("a", ((512, b"x" * 512),), 9000, Sparse.PAX_10), file("b", b"1")]], {"a": new})
    assert read(edited.tars[0], "a") == NEW


@pytest.mark.parametrize("content", [b"", b"x" * 511, b"x" * 512, b"x" * 513])
def test_contents_of_any_size_fill_whole_blocks(content: bytes, tmp_path: Path) -> None:
    """What follows is read as before."""
    (tmp_path / "new").write_bytes(content)
    edited = put([[file("a", OLD), file("b", b"1")]], {"a": read_new_file(tmp_path / "new")})
    assert (read(edited.tars[0], "a"), read(edited.tars[0], "b")) == (content, b"1")


def test_a_new_file_makes_a_layer(new: NewFile) -> None:
    """With the folders on its way: those that are there as they are, the others for root."""
    layers = [[directory("d", mode=0o700, uid=7, mtime_ns=SECOND, xattrs={"user.k": b"v"}), file("e/x")]]
    edited = put(layers, {"d/new/a": new, "e/b": new})
    assert edited.names == [["d", "e/x"], ["d", "d/new", "d/new/a", "e", "e/b"]]
    kept, made, at = edited.node("d"), edited.node("d/new"), edited.node("d/new/a")
    assert (kept.mode, kept.uid, kept.mtime_ns, dict(kept.xattrs)) == (0o700, 7, SECOND, {"user.k": b"v"})
    assert (made.mode, made.uid, made.gid) == (0o755, 0, 0)
    assert (at.mode, at.uid, at.mtime_ns) == (0o755, 0, WHEN)


@pytest.mark.parametrize("marks", [[whiteout("d/a")], [directory("d"), opaque("d")], [whiteout("d")]], ids=str)
def test_a_file_comes_where_one_was_removed(marks: list[object], new: NewFile) -> None:
    """The old one goes from the layer that brought it."""
    edited = put([[directory("d"), file("d/a", OLD), file("d/b")], marks], {"d/a": new})  # type: ignore[list-item]
    assert not any(OLD in tar for tar in edited.tars)
    assert read(edited.tars[2], "d/a") == NEW


def test_a_long_name_is_written(new: NewFile) -> None:
    """In a record, as it does not fit the header."""
    path = "f" * 120 + "/" + "n" * 200
    assert put([[file("a")]], {path: new}).node(path).size == len(NEW)


@pytest.mark.parametrize(
    ("layers", "path", "told"),
    [
        ([[directory("a")]], "a", "a folder is there; expected a file, or nothing"),
        ([[file("b"), symlink("a", "b")]], "a", "it is a link to 'b'; it leads to /b; expected the path of a file"),
        ([[symlink("a", "b")]], "a", "it is a link to 'b', which leads nowhere; expected the path of a file"),
        ([[file("b"), hardlink("a", "b")]], "a", "hard links share its content (/b)"),
        ([[file("a"), hardlink("b", "a")]], "a", "hard links share its content (/b)"),
        (
            [[directory("usr/lib"), symlink("lib", "usr/lib")]],
            "lib/a",
            "/lib is a link to 'usr/lib'; expected /usr/lib/a",
        ),
        ([[symlink("lib", "usr/lib")]], "lib/a", "/lib is a link to 'usr/lib', which leads nowhere; expected a folder"),
        ([[file("b")]], "b/a", "/b is a file; expected a folder"),
        ([[file("a", b"1"), file("a", b"2")]], "a", "layer 0 holds it, whose entries replace each other"),
        ([[file("b")]], "d/.wh.a", "runtimes take names that begin with '.wh.' for whiteouts"),
        ([[file("b")]], ".wh.d/a", "runtimes take names that begin with '.wh.' for whiteouts"),
    ],
)
def test_a_path_that_cannot_hold_a_file_is_refused(layers: Layers, path: str, told: str, new: NewFile) -> None:
    """With the reason, and where one is known with the path that can."""
    with pytest.raises(UsageError, match=rf"^putting a file at /{re.escape(path)}: .*{re.escape(told)}"):
        put(layers, {path: new})


def test_a_file_below_another_new_one_is_refused(new: NewFile) -> None:
    """Both cannot be."""
    with pytest.raises(UsageError, match="another file is to be put where a folder would have to be"):
        put([[file("b")]], {"a": new, "a/b": new})


def test_a_source_is_read_as_it_would_be_in_a_new_place(tmp_path: Path) -> None:
    """For root; to run where its owner may run it."""
    for mode, wanted in ((0o600, 0o644), (0o744, 0o755)):
        path = tmp_path / f"{mode}"
        path.write_bytes(NEW)
        path.chmod(mode)
        found = read_new_file(path)
        assert (found.size, found.digest) == (len(NEW), hashlib.sha256(NEW).digest())
        assert (found.attributes.mode, found.attributes.uid) == (wanted, 0)
        assert found.attributes.mtime_ns == path.stat().st_mtime_ns


@pytest.mark.parametrize("name", ["none", "."])
def test_a_source_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    """Missing, or a folder."""
    with pytest.raises(UsageError, match="reading"):
        read_new_file(tmp_path / name)


@pytest.mark.parametrize("content", [NEW[:-1], NEW + b"1", NEW.upper(), None], ids=["less", "more", "other", "gone"])
def test_a_source_that_changes_meanwhile_is_refused(content: bytes | None, new: NewFile) -> None:
    """What was told of it would not be true."""
    new.source.unlink()
    if content is not None:
        new.source.write_bytes(content)
    with pytest.raises(SourceError, match=r"it changed meanwhile; run again|No such file"):
        list(iter_content(new))
