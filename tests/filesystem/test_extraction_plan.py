"""Tests of extraction plans: what would be written, and what not."""

import pytest

from layerscope.errors import LimitError, TreeError
from layerscope.filesystem import extraction_plan
from layerscope.filesystem.extraction_plan import (
    ExtractionPlan,
    Links,
    encode_name,
    explain_unsafe_link,
    plan_extraction,
)
from support.indexes import merged
from support.tar_member import TarMember, device, directory, fifo, file, hardlink, symlink


def plan(path: str, *members: TarMember, links: Links = Links.KEEP) -> ExtractionPlan:
    """The plan for a path of a one-layer image."""
    return plan_extraction(merged(members), path, links=links)


def written(made: ExtractionPlan) -> dict[str, str]:
    """Every path that would be written, with the image's path of files."""
    found = {b"/".join(item.parts).decode(): "directory" for item in made.directories}
    found |= {b"/".join(item.parts).decode(): item.path for item in made.files}
    return found | {b"/".join(item.parts).decode(): f"-> {item.target.decode()}" for item in made.links}


def test_directory_is_planned_with_all_below() -> None:
    """Paths are relative to the directory, which itself has none."""
    made = plan("d", directory("d"), file("d/a", b"12"), directory("d/e"), file("d/e/f", b"3"), file("other"))
    assert written(made) == {"": "directory", "a": "d/a", "e": "directory", "e/f": "d/e/f"}
    assert (made.is_directory, made.size) == (True, 3)


def test_file_is_planned_alone() -> None:
    """A file has no parts; its target names it."""
    made = plan("d/a", directory("d"), file("d/a", b"12"), file("d/b"))
    assert (written(made), made.is_directory) == ({"": "d/a"}, False)


def test_whole_tree_can_be_planned() -> None:
    """The empty path is the root."""
    assert written(plan("", file("a"), file("d/b"))) == {"": "directory", "a": "a", "d": "directory", "d/b": "d/b"}


def test_nothing_there_is_an_error() -> None:
    """A path that is not in the tree cannot be planned."""
    with pytest.raises(TreeError, match="extracting /x"):
        plan("x", file("a"))


def test_hard_link_is_planned_with_its_content() -> None:
    """Content comes from the entry that holds it."""
    made = plan("d", file("a", b"12"), directory("d"), hardlink("d/l", "a"))
    assert [(item.path, item.layer, item.position, item.size) for item in made.files] == [("d/l", 0, 0, 2)]


def test_special_bits_are_dropped() -> None:
    """Set-uid, set-gid and sticky bits do not reach the host; the owner can read files and use directories."""
    made = plan("d", directory("d", mode=0o1055), file("d/a", mode=0o6711), file("d/b", mode=0))
    assert [oct(item.mode) for item in made.directories] == ["0o755"]
    assert [oct(item.mode) for item in made.files] == ["0o711", "0o400"]


def test_devices_pipes_and_dangling_hard_links_are_skipped() -> None:
    """They are named with a reason."""
    made = plan("", device("c", 1, 3), device("b", 8, 0, block=True), fifo("p"), hardlink("h", "nowhere"), file("f"))
    assert [skipped.path for skipped in made.skipped] == ["b", "c", "h", "p"]
    assert written(made) == {"": "directory", "f": "f"}


@pytest.mark.parametrize(
    ("target", "depth"),
    [("a", 0), ("a/b/c", 0), ("./a", 0), (".", 0), ("..", 1), ("../a", 1), ("../../a", 2), ("a//b/", 0)],
)
def test_link_that_stays_inside_is_safe(target: str, depth: int) -> None:
    """Climbing comes first and no higher than the root."""
    assert explain_unsafe_link(target, depth=depth) is None


@pytest.mark.parametrize(
    ("target", "depth", "reason"),
    [
        ("/etc/passwd", 5, "absolute"),
        ("..", 0, "out of the target"),
        ("../../a", 1, "out of the target"),
        ("a/../b", 3, "after a name"),
        ("../s/..", 2, "after a name"),
        ("./x/../..", 0, "after a name"),
        ("", 0, "no file system"),
        ("a\0b", 0, "no file system"),
        ("x" * 4096, 0, "no file system"),
        ("\ud800", 0, "no file system"),
    ],
)
def test_link_that_could_lead_out_is_not_written(target: str, depth: int, reason: str) -> None:
    """The reason says what is wrong with it."""
    assert reason in (explain_unsafe_link(target, depth=depth) or "")


def test_links_are_kept_or_skipped_by_where_they_lead() -> None:
    """Depth counts from what is extracted, not from the image's root."""
    made = plan(
        "d", directory("d"), symlink("d/in", "a"), symlink("d/out", "../a"), directory("d/e"), symlink("d/e/up", "..")
    )
    assert written(made) == {"": "directory", "in": "-> a", "e": "directory", "e/up": "-> .."}
    assert [skipped.path for skipped in made.skipped] == ["d/out"]


@pytest.mark.parametrize("name", ["a", "a\nb", "\x1b[31m", "\udcff", "ä", "n" * 255])
def test_odd_names_can_be_written(name: str) -> None:
    """Linux stores any bytes but a slash and NUL."""
    assert encode_name(name) == name.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "n" * 256, "\ud800"])
def test_impossible_names_cannot_be_written(name: str) -> None:
    """No such name reaches the host."""
    assert encode_name(name) is None


def test_overlong_name_is_skipped_with_all_below() -> None:
    """What Linux cannot store is named with a reason."""
    long = "n" * 256
    made = plan("", file(f"{long}/a"), file("b"))
    assert (written(made), [skipped.path for skipped in made.skipped]) == ({"": "directory", "b": "b"}, [long])


def test_followed_link_becomes_what_it_leads_to() -> None:
    """Absolute links lead into the image; files and directories are written in the link's place."""
    members = [directory("d"), symlink("d/f", "/x/f"), symlink("d/x", "../x"), file("x/f", b"12"), symlink("x/g", "f")]
    made = plan("d", *members, links=Links.FOLLOW)
    assert written(made) == {"": "directory", "f": "x/f", "x": "directory", "x/f": "x/f", "x/g": "x/f"}


def test_followed_path_is_what_it_leads_to() -> None:
    """The path itself may be a link."""
    made = plan("l", symlink("l", "d"), directory("d"), file("d/a"), links=Links.FOLLOW)
    assert (written(made), made.path) == ({"": "directory", "a": "d/a"}, "l")


def test_dangling_link_is_skipped_when_followed() -> None:
    """A link to nothing writes nothing."""
    made = plan("", symlink("l", "nowhere"), symlink("o", "o"), links=Links.FOLLOW)
    assert [skipped.reason for skipped in made.skipped] == [
        "its link leads to nothing in the image (missing)",
        "its link leads to nothing in the image (too many links)",
    ]


def test_followed_links_do_not_go_in_circles() -> None:
    """A link to a directory above it, by whatever way it was reached, is skipped."""
    members = [directory("a"), symlink("a/up", ".."), symlink("a/b", "../b"), directory("b"), symlink("b/a", "../a")]
    made = plan("", *members, links=Links.FOLLOW)
    assert written(made) == {
        "": "directory",
        "a": "directory",
        "a/b": "directory",
        "b": "directory",
        "b/a": "directory",
    }
    assert sorted(skipped.path for skipped in made.skipped) == ["a/b", "a/up", "a/up", "b/a"]


def test_followed_links_have_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to each other's directories cannot ask for any number of files."""
    monkeypatch.setattr(extraction_plan, "MAX_FOLLOWED", 100)
    members = [directory(f"d{number}") for number in range(20)]
    members += [symlink(f"d{number}/{name}", f"/d{number + 1}") for number in range(19) for name in "xy"]
    with pytest.raises(LimitError, match="following links"):
        plan("d0", *members, links=Links.FOLLOW)
