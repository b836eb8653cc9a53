"""Members by name, and links between them."""

import pytest

from layerscope.errors import ImageError
from layerscope.sources.members import MAX_LINKS, MemberTable, normalise_name
from layerscope.sources.outer_header import Member, MemberKind


def table(**links: str) -> MemberTable:
    """A table with a file called `file`, a directory called `folder`, and symbolic links; `_` stands for a slash."""
    made = MemberTable("x.tar")
    made.add(Member("file", MemberKind.FILE, "", 512, 1))
    made.add(Member("folder/", MemberKind.DIRECTORY, "", 1024, 0))
    for name, target in links.items():
        made.add(Member(name.replace("_", "/"), MemberKind.SYMLINK, target, 2048, 0))
    return made


def place_of(made: MemberTable, name: str) -> str | None:
    """Where a name leads."""
    found = made.resolve(name)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("a/b", "a/b"),
        ("./a//b/", "a/b"),
        ("/a", "a"),
        ("a/../b", "b"),
        ("..", None),
        ("a/../../b", None),
        (".", None),
        ("", None),
    ],
)
def test_names_are_normalised(name: str, normal: str | None) -> None:
    """Names that mean the same are the same, and none leaves the archive."""
    assert normalise_name(name) == normal


def test_symbolic_link_is_relative_to_its_folder() -> None:
    """As podman links `ID/layer.tar` to `../DIGEST.tar`."""
    assert place_of(table(id_layer="../file"), "id/layer") == "file"


def test_hard_link_is_relative_to_the_archive() -> None:
    """Its target is a member's name."""
    made = table()
    made.add(Member("id/layer.tar", MemberKind.HARDLINK, "file", 2048, 0))
    assert place_of(made, "id/layer.tar") == "file"


def test_links_are_followed_to_their_end() -> None:
    """A link may lead to a link."""
    assert place_of(table(a="b", b="c", c="file"), "a") == "file"


def test_unknown_name_is_nothing() -> None:
    """Whoever asks for it says what is missing."""
    assert place_of(table(), "nothing") is None
    assert place_of(table(), "../file") is None


def test_link_to_itself_ends() -> None:
    """A circle is not followed for ever."""
    with pytest.raises(ImageError, match=f"more than {MAX_LINKS} links"):
        table(a="b", b="a").resolve("a")


@pytest.mark.parametrize("target", ["/file", "../../file", "../..", ""])
def test_link_out_of_the_archive_is_refused(target: str) -> None:
    """No link names a file of this host."""
    with pytest.raises(ImageError, match="link"):
        table(id_a=target).resolve("id/a")


def test_link_to_nothing_names_its_target() -> None:
    """The message says what is missing."""
    with pytest.raises(ImageError, match="link to 'gone'"):
        table(a="gone").resolve("a")


def test_directory_is_no_file() -> None:
    """A name that should be a document or a layer is something else."""
    with pytest.raises(ImageError, match="directory, expected a file"):
        table().resolve("folder")


def test_first_of_two_equal_names_counts() -> None:
    """Whatever comes later, the answer does not change, and the repetition is known."""
    made = table()
    assert made.add(Member("./file", MemberKind.FILE, "", 4096, 9)) is None
    found = made.resolve("file")
    assert found is not None
    assert found[1].size == 1
    assert made.is_repeated("file")
    assert not made.is_repeated("folder")
