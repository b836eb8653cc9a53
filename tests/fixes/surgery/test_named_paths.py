"""What goes where a path or a cache is named, and what stays all the same."""

import pytest

from layerscope.fixes.surgery.named_paths import STAYED_LIMIT
from layerscope.rules.layer_edit import DropCache, DropPath
from support.edited_layers import edit_layers
from support.tar_member import directory, file, hardlink, whiteout

CONTENT = b"content"
APT = DropCache("apt-lists", "var/lib/apt/lists")
CONDA = DropCache("conda", "opt/conda/pkgs")


def test_a_path_goes_from_every_layer() -> None:
    """Whatever lies below it, and what was hidden of it."""
    layers = [[directory("d"), file("d/x", CONTENT), file("da")], [file("d/x", b"2")], [file("d/y")]]
    edited = edit_layers(layers, DropPath("d"))
    assert edited.names == [["da"], [], []]
    assert edited.cuts.paths == {"d", "d/x", "d/y"}
    assert edited.cuts.saved == len(CONTENT) + 1


def test_the_whiteout_of_a_dropped_path_goes() -> None:
    """There is nothing for it to hide."""
    layers = [[file("d/x", CONTENT), file("a")], [whiteout("d")], [file("d/y")]]
    edited = edit_layers(layers, DropPath("d"))
    assert edited.names == [["a"], [], []]
    assert edited.cuts.paths == {"d", "d/y"}


def test_the_folder_of_a_dropped_path_stays() -> None:
    """It was not named, so it gets an entry where only the path had named it."""
    edited = edit_layers([[file("d/x", CONTENT)], [file("a")]], DropPath("d/x"))
    assert edited.names == [["d"], ["a"]]
    assert edited.cuts.paths == {"d/x"}


def test_a_path_that_a_hard_link_elsewhere_shares_stays_and_is_told() -> None:
    """The link has no content of its own."""
    layers = [[file("cache/x", CONTENT), file("cache/y"), hardlink("out", "cache/x")]]
    edited = edit_layers(layers, DropPath("cache/x"), DropPath("cache/y"))
    assert edited.names == [["cache/x", "out"]]
    why = "a hard link elsewhere shares its content, or a layer that is left as it is has it"
    assert edited.cuts.left == (f"/cache/x stays, or some of it: {why}",)
    assert edited.cuts.paths == {"cache/y"}


def test_hard_links_below_one_dropped_path_go_together() -> None:
    """Nobody outside shares them."""
    layers = [[file("d/x", CONTENT), hardlink("d/y", "d/x"), file("a")]]
    assert edit_layers(layers, DropPath("d")).names == [["a"]]


def test_a_path_in_an_odd_layer_stays_and_is_told() -> None:
    """Such a layer is left as it is."""
    edited = edit_layers([[file("a", b"1"), file("a", b"2"), file("b", CONTENT)]], DropPath("b"))
    assert edited.names == [["a", "a", "b"]]
    assert len(edited.cuts.left) == 1
    assert edited.cuts.paths == frozenset()


def test_of_many_paths_that_stay_some_are_told() -> None:
    """The others are counted."""
    count = STAYED_LIMIT + 7
    layer = [each for n in range(count) for each in (file(f"d/{n}", CONTENT), hardlink(f"out-{n}", f"d/{n}"))]
    edited = edit_layers([layer], *(DropPath(f"d/{n}") for n in range(count)))
    assert len(edited.cuts.left) == STAYED_LIMIT + 1
    assert edited.cuts.left[-1] == "and 7 more paths"


def test_of_apts_lists_its_own_folders_stay() -> None:
    """`partial` and the lock are there before any list is fetched, as is the folder itself."""
    lists = "var/lib/apt/lists"
    layer = [
        directory(lists),
        file(f"{lists}/lock"),
        directory(f"{lists}/partial"),
        file(f"{lists}/debian_InRelease", CONTENT),
    ]
    edited = edit_layers([layer, [file(f"{lists}/debian_Packages", CONTENT)]], APT)
    assert edited.names == [[lists, f"{lists}/lock", f"{lists}/partial"], []]
    assert edited.cuts.paths == {f"{lists}/debian_InRelease", f"{lists}/debian_Packages"}


def test_folders_of_a_cache_that_are_left_empty_go() -> None:
    """The cache's own folder stays, and so does one that was empty before."""
    pip = "root/.cache/pip"
    layer = [
        directory(pip),
        directory(f"{pip}/http"),
        directory(f"{pip}/http/00"),
        file(f"{pip}/http/00/body", CONTENT),
        directory(f"{pip}/selfcheck"),
        file("root/.bashrc"),
    ]
    edited = edit_layers([layer], DropCache("pip", pip))
    assert edited.names == [[pip, f"{pip}/selfcheck", "root/.bashrc"]]


@pytest.mark.parametrize("is_content_in_cache", [True, False])
def test_conda_packages_shared_by_hard_link_stay(*, is_content_in_cache: bool) -> None:
    """Whichever of the two names comes first in the layer: dropping one of them would free nothing."""
    package, environment = "opt/conda/pkgs/p/lib.so", "opt/conda/lib/lib.so"
    content, link = (package, environment) if is_content_in_cache else (environment, package)
    archive = file("opt/conda/pkgs/p.conda", CONTENT)
    edited = edit_layers([[file(content, CONTENT), hardlink(link, content), archive]], CONDA)
    assert edited.names == [[content, link]]
    assert edited.cuts.left == ()


def test_a_cache_shared_within_itself_goes() -> None:
    """All its names are dropped together."""
    names = ("opt/conda/pkgs/p/lib.so", "opt/conda/pkgs/q/lib.so")
    layer = [directory("opt/conda/pkgs"), file(names[0], CONTENT), hardlink(names[1], names[0])]
    edited = edit_layers([layer], CONDA)
    assert edited.names == [["opt/conda/pkgs"]]
    assert edited.cuts.saved == len(CONTENT)
