"""`layerscope tree` on fixture images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli.commands.tree import find_comfortable_depth
from layerscope.filesystem.listing import list_tree
from layerscope.filesystem.merge import merge_layers
from support.images import build_image, write_image
from support.results import ResultRecipe, make_result, merge_result
from support.tar_writer import file

Answer = Callable[..., tuple[int, bytes, str]]


def test_the_merged_tree_is_the_default(answer: Answer, service: Path) -> None:
    """What was deleted is not in it, what is left is."""
    code, out, _ = answer("tree", service)
    assert code == 0
    assert "serve.py" in out.decode()
    assert ".netrc" not in out.decode()


def test_one_layers_changes_are_marked(answer: Answer, service: Path) -> None:
    """The last layer removes a file."""
    _, out, _ = answer("tree", service, "--layer", 3)
    assert "- 1 removed" in out.decode()
    assert ".netrc" in out.decode()


def test_the_tree_after_a_layer_holds_what_is_deleted_later(document: Callable[..., Any], service: Path) -> None:
    """`--upto 2` shows the file that layer 3 removes."""
    paths = {entry["path"] for entry in document("tree", service, "--upto", 2)["entries"]}
    assert "/app/.netrc" in paths
    assert "/app/.netrc" not in {entry["path"] for entry in document("tree", service)["entries"]}


def test_changes_of_several_layers_are_added_up(document: Callable[..., Any], service: Path) -> None:
    """What one layer adds and a later one removes is no change of both together."""
    listing = document("tree", service, "--changes")
    assert "removed" not in listing["counts"]
    assert "/app/.netrc" not in {entry["path"] for entry in listing["entries"]}


def test_a_path_narrows_the_tree(document: Callable[..., Any], service: Path) -> None:
    """Only what lies at and below it is listed."""
    paths = [entry["path"] for entry in document("tree", service, "/etc")["entries"]]
    assert paths[0] == "/etc"
    assert all(path.startswith("/etc") for path in paths)


def test_globs_sizes_and_depth_narrow_the_tree(document: Callable[..., Any], service: Path) -> None:
    """The filters are those of the listing."""
    large = [entry for entry in document("tree", service, "--min-size", "20kB")["entries"] if entry["type"] == "file"]
    assert [entry["path"] for entry in large] == ["/usr/bin/python3.11"]
    matches = document("tree", service, "--glob", "*.py")
    assert sum(matches["counts"].values()) == 1
    assert {entry["path"].count("/") for entry in document("tree", service, "--depth", 1)["entries"]} == {1}
    assert len(document("tree", service, "/etc", "--depth", 1)["entries"]) > 1


def test_names_can_be_the_order(document: Callable[..., Any], service: Path) -> None:
    """Sorted by name, `/app` stands before `/usr`; by size, `/usr` is first."""
    by_name = [entry["path"] for entry in document("tree", service, "--depth", 1, "--sort", "name")["entries"]]
    assert by_name == sorted(by_name)
    assert by_name != [entry["path"] for entry in document("tree", service, "--depth", 1)["entries"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "4"], "the image has layers 0 to 3"),
        (["--layer", "1", "--changes"], "expected it without --upto and --changes"),
        (["--upto", "0", "--changes"], "expected at least two layers"),
    ],
)
def test_questions_without_an_answer_are_errors(
    options: list[str], message: str, answer: Answer, service: Path
) -> None:
    """What cannot be asked is an error of usage."""
    code, _, err = answer("tree", service, *options)
    assert code == 2
    assert message in err


def test_a_path_that_is_not_there_is_told(answer: Answer, service: Path) -> None:
    """With what became of it."""
    code, _, err = answer("tree", service, "/app/.netrc")
    assert code == 1
    assert "layer 3 removed it; --layer 2 still has it" in err


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """An image of five hundred files in five folders."""
    path = tmp_path / "large"
    write_image(build_image([[file(f"folder-{number % 5}/{number}") for number in range(500)]]), path, "oci-dir")
    return path


@pytest.mark.usefixtures("on_terminal")
def test_a_large_tree_is_cut_on_a_terminal(answer: Answer, large: Path) -> None:
    """A person gets what fits, and is told how to get more."""
    code, out, err = answer("tree", large)
    assert code == 0
    assert "/folder-0/  (100 below)" in out.decode()
    assert err == "shown to --depth 1 of 2\n"


def test_a_large_tree_is_whole_in_a_pipe(answer: Answer, large: Path) -> None:
    """A program that searches the lines gets all of them."""
    _, out, err = answer("tree", large)
    assert len(out.splitlines()) > 500
    assert err == ""


def test_a_flat_tree_is_never_cut_to_nothing() -> None:
    """Where even the first level is long, it is shown."""
    tree = merge_result(make_result(ResultRecipe(layers=[[file(f"f{n}") for n in range(300)]])))
    assert find_comfortable_depth(list_tree(tree).rows) == 0
    assert find_comfortable_depth(list_tree(merge_layers([])).rows) is None


@pytest.mark.parametrize("choice", [("--glob", "["), ("--glob", "*.nothing"), ("--min-size", "1GB")])
def test_a_choice_that_nothing_meets_is_told(choice: tuple[str, str], answer: Answer, service: Path) -> None:
    """In the merged tree and among changes, in words instead of an empty table."""
    for options in ([], ["--layer", 2]):
        lines = answer("tree", service, *choice, *options)[1].decode().splitlines()
        assert lines[1:] == ["nothing matches"]
