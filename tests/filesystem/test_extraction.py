"""Tests of extraction to disk: what is written, and what never is."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import DigestMismatchError, LayerDamageError, TreeError
from layerscope.filesystem.destination import OPEN_DIRECTORIES
from layerscope.filesystem.extraction import Extraction, extract
from layerscope.filesystem.extraction_plan import Links, plan_extraction
from layerscope.filesystem.merge import isolate_layer
from support.indexes import MemberContents, layer, merged
from support.tar_member import TarMember, directory, file, hardlink, symlink, whiteout

Layers = Sequence[Sequence[TarMember]]


def run(
    path: str, target: Path, *layers: Sequence[TarMember], links: Links = Links.KEEP, overwrite: bool = False
) -> Extraction:
    """Extract a path of an image given by its members."""
    plan = plan_extraction(merged(*layers), path, links=links)
    return extract(plan, target, MemberContents(*layers), overwrite=overwrite)


def on_disk(folder: Path) -> dict[str, str]:
    """Every path below a folder with its content, `/` for a directory, `-> TARGET` for a symlink."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = f"-> {path.readlink()}" if path.is_symlink() else "/" if path.is_dir() else path.read_text()
    return found


TREE: Layers = (
    [directory("d"), file("d/a", b"lower"), file("d/gone"), directory("d/e"), symlink("d/e/l", "../a")],
    [file("d/b", b"upper"), whiteout("d/gone"), hardlink("d/h", "d/b")],
)


def test_directory_is_written_with_all_below(tmp_path: Path) -> None:
    """Files of all layers, hard links as files, and safe symlinks are written."""
    done = run("d", tmp_path / "out", *TREE)
    assert on_disk(tmp_path / "out") == {"a": "lower", "b": "upper", "h": "upper", "e": "/", "e/l": "-> ../a"}
    assert (done.target, done.directories, done.files, done.links, done.size) == (tmp_path / "out", 2, 3, 1, 15)


def test_existing_directory_gets_the_path_as_a_new_name(tmp_path: Path) -> None:
    """As with `docker cp`, what exists is extracted into."""
    run("d/a", tmp_path, *TREE)
    done = run("d/e", tmp_path, *TREE)
    assert (set(on_disk(tmp_path)), done.target) == ({"a", "e"}, tmp_path / "e")


def test_file_gets_the_name_of_its_target(tmp_path: Path) -> None:
    """A target that does not exist is the new file's name."""
    run("d/a", tmp_path / "new", *TREE)
    assert on_disk(tmp_path) == {"new": "lower"}


def test_file_goes_into_a_new_folder_on_request(tmp_path: Path) -> None:
    """It keeps its name there, and the folder is made; a directory is written under that name in any case."""
    plan = plan_extraction(merged(*TREE), "d/a")
    done = extract(plan, tmp_path / "out", MemberContents(*TREE), into_folder=True)
    assert on_disk(tmp_path) == {"out": "/", "out/a": "lower"}
    assert done.target == tmp_path / "out" / "a"
    extract(plan_extraction(merged(*TREE), "d"), tmp_path / "d", MemberContents(*TREE), into_folder=True)
    assert (tmp_path / "d" / "a").is_file()


def test_root_is_written_into_the_target_itself(tmp_path: Path) -> None:
    """The root has no name of its own."""
    run("", tmp_path, *TREE)
    assert set(on_disk(tmp_path)) == {"d", "d/a", "d/b", "d/h", "d/e", "d/e/l"}


def test_each_layer_is_read_once(tmp_path: Path) -> None:
    """All files of a layer are taken in one pass."""
    contents = MemberContents(*TREE)
    extract(plan_extraction(merged(*TREE), "d"), tmp_path, contents)
    assert contents.passes == [(0, (1,)), (1, (0,))]


def test_one_layer_can_be_extracted(tmp_path: Path) -> None:
    """A layer alone shows what it brings, removed later or not."""
    tree = isolate_layer([layer(*members) for members in TREE], 0)
    extract(plan_extraction(tree, "d/gone"), tmp_path, MemberContents(*TREE))
    assert on_disk(tmp_path) == {"gone": ""}


def test_modes_lose_their_special_bits(tmp_path: Path) -> None:
    """No set-uid, set-gid or sticky bit is written, and the umask applies."""
    members = [directory("d", mode=0o7777), file("d/su", mode=0o6777), file("d/ro", mode=0o444)]
    before = os.umask(0o022)
    try:
        run("d", tmp_path / "out", members)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "out", *(tmp_path / "out").iterdir()]}
    assert modes == {"out": 0o755, "su": 0o755, "ro": 0o444}


def test_owner_is_the_caller_and_time_the_image_s(tmp_path: Path) -> None:
    """Owners of the image mean nothing on the host; times are kept."""
    run("a", tmp_path, [file("a", uid=12345, gid=54321, mtime_ns=1_500_000_000_123_456_789)])
    status = (tmp_path / "a").stat()
    assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid())
    assert status.st_mtime_ns == 1_500_000_000_123_456_789


def test_impossible_time_is_left_out(tmp_path: Path) -> None:
    """A time that the host cannot store does not stop the extraction."""
    run("a", tmp_path, [file("a", mtime_ns=-(2**62))])
    assert on_disk(tmp_path) == {"a": ""}


def test_odd_names_are_written_as_they_are(tmp_path: Path) -> None:
    """Control characters and bytes that are not UTF-8 arrive unchanged."""
    run("", tmp_path, [file("a\nb\x1b[31m"), file("\udcff\udcfe")])
    assert sorted(map(os.fsencode, tmp_path.iterdir())) == [
        os.fsencode(tmp_path / name) for name in ("a\nb\x1b[31m", "\udcff\udcfe")
    ]


def test_existing_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Without leave nothing is replaced, and nothing is half done."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "h").write_text("mine")
    with pytest.raises(TreeError, match="is there already"):
        run("d", tmp_path, *TREE)
    assert on_disk(tmp_path) == {"d": "/", "d/h": "mine"}


def test_existing_files_are_replaced_on_request(tmp_path: Path) -> None:
    """Files and symlinks give way, other files of the directory stay."""
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "a").write_text("mine")
    (tmp_path / "d" / "e" / "l").write_text("mine")
    (tmp_path / "d" / "kept").write_text("mine")
    run("d", tmp_path, *TREE, overwrite=True)
    assert on_disk(tmp_path / "d") == {
        "a": "lower",
        "b": "upper",
        "h": "upper",
        "e": "/",
        "e/l": "-> ../a",
        "kept": "mine",
    }


@pytest.mark.parametrize("overwrite", [True, False])
def test_existing_symlink_is_never_written_through(tmp_path: Path, *, overwrite: bool) -> None:
    """A symlink in a file's place is refused or replaced; what it leads to stays."""
    victim = tmp_path / "victim"
    victim.write_text("safe")
    target = tmp_path / "target"
    target.mkdir()
    (target / "a").symlink_to(victim)
    if overwrite:
        run("d/a", target, *TREE, overwrite=True)
        assert on_disk(target) == {"a": "lower"}
    else:
        with pytest.raises(TreeError, match="is there already"):
            run("d/a", target, *TREE)
    assert victim.read_text() == "safe"


@pytest.mark.parametrize("overwrite", [True, False])
def test_symlink_in_a_directory_s_place_is_refused(tmp_path: Path, *, overwrite: bool) -> None:
    """No directory below the target is reached through a symlink."""
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "target"
    target.mkdir()
    (target / "d").symlink_to(outside)
    with pytest.raises(TreeError, match="a directory is expected"):
        run("d", target, *TREE, overwrite=overwrite)
    assert on_disk(outside) == {}


def test_file_in_a_directory_s_place_is_refused(tmp_path: Path) -> None:
    """A directory never replaces a file of the host."""
    (tmp_path / "d").write_text("mine")
    with pytest.raises(TreeError, match="a directory is expected"):
        run("d", tmp_path, *TREE, overwrite=True)
    assert on_disk(tmp_path) == {"d": "mine"}


def test_directory_in_a_file_s_place_is_refused(tmp_path: Path) -> None:
    """A file never replaces a directory of the host."""
    (tmp_path / "a").mkdir()
    with pytest.raises(TreeError, match="something is there already"):
        run("d/a", tmp_path, *TREE, overwrite=True)
    assert on_disk(tmp_path) == {"a": "/"}


@pytest.mark.parametrize(("path", "name"), [("d", "no/where"), ("d/a", "no/where"), ("d", "file"), ("d/a", "file/x")])
def test_target_that_cannot_be_made_is_an_error(tmp_path: Path, path: str, name: str) -> None:
    """Parents of the target are the user's affair."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TreeError):
        run(path, tmp_path / name, *TREE)
    assert on_disk(tmp_path) == {"file": "mine"}


def test_wrong_content_leaves_no_file(tmp_path: Path) -> None:
    """Content is checked against the index while it is written."""
    other = MemberContents([*TREE[0][:1], file("d/a", b"LOWER")])
    with pytest.raises(DigestMismatchError, match="extracting /d/a from layer 0"):
        extract(plan_extraction(merged(*TREE), "d/a"), tmp_path, other)
    assert on_disk(tmp_path) == {}


def test_broken_reading_leaves_no_file(tmp_path: Path) -> None:
    """A layer that fails in the middle of a file leaves nothing of it."""

    def fail(_: int, positions: Iterable[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        def body() -> Iterator[bytes]:
            yield b"low"
            raise LayerDamageError("gone")

        return ((position, body()) for position in positions)

    with pytest.raises(LayerDamageError):
        extract(plan_extraction(merged(*TREE), "d/a"), tmp_path, fail)
    assert list(tmp_path.iterdir()) == []


def test_missing_content_is_an_error(tmp_path: Path) -> None:
    """A reader that leaves a file out does not go unnoticed."""
    with pytest.raises(TreeError, match="did not give its content"):
        extract(plan_extraction(merged(*TREE), "d/a"), tmp_path, lambda _layer, _positions: iter(()))


def test_followed_links_share_one_reading(tmp_path: Path) -> None:
    """One content with several names is read once and copied."""
    members = [file("a", b"one"), symlink("b", "a"), symlink("c", "/a"), directory("d"), symlink("d/e", "../a")]
    run("", tmp_path, members, links=Links.FOLLOW)
    assert on_disk(tmp_path) == {"a": "one", "b": "one", "c": "one", "d": "/", "d/e": "one"}
    assert len({path.stat().st_ino for path in tmp_path.rglob("*")}) == 5


def test_many_directories_do_not_use_up_descriptors(tmp_path: Path) -> None:
    """Descriptors are closed again, whatever the number of directories and their depth."""
    members = [file(f"{number}/x", b"1") for number in range(3 * OPEN_DIRECTORIES)]
    members += [file("/".join("d" * 3 * OPEN_DIRECTORIES), b"2")]
    before = len(list(Path("/proc/self/fd").iterdir()))
    done = run("", tmp_path, members)
    assert (done.files, len(list(Path("/proc/self/fd").iterdir()))) == (3 * OPEN_DIRECTORIES + 1, before)


def test_hostile_tree_stays_inside(tmp_path: Path) -> None:
    """Links that lead out, directly or through each other, are not written, and nothing outside changes."""
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "target"
    target.mkdir()
    members = [
        symlink("abs", str(outside)),
        symlink("up", "../outside"),
        symlink("dot", "."),
        directory("x"),
        symlink("x/trick", "../dot/../outside"),
        symlink("x/fine", "../dot/file"),
        file("file", b"1"),
    ]
    done = run("", target, members)
    assert on_disk(target) == {"dot": "-> .", "x": "/", "x/fine": "-> ../dot/file", "file": "1"}
    assert [skipped.path for skipped in done.skipped] == ["abs", "up", "x/trick"]
    assert on_disk(outside) == {}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("call", ["open", "unlink"])
def test_an_interruption_leaves_nothing_unfinished(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, overwrite: bool
) -> None:
    """Nor does one that comes just as the unfinished file has been made, or is about to be removed."""
    original = getattr(os, call)
    came: list[str] = []

    def interrupted(path: bytes, *arguments: object, **options: object) -> object:
        if came or not os.fsencode(path).endswith(b".part"):
            return original(path, *arguments, **options)
        came.append(call)
        if call == "open":
            original(path, *arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("d/a", tmp_path / "a", *TREE, overwrite=overwrite)
    assert came == [call]
    assert list(tmp_path.glob(".layerscope-*")) == []


def test_an_interruption_leaves_no_unfinished_symlink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is made under another name where it may replace something."""
    original = os.symlink

    def interrupted(*arguments: Any, **options: Any) -> None:
        original(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "symlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("d", tmp_path / "out", *TREE, overwrite=True)
    assert list(tmp_path.rglob(".layerscope-*")) == []
