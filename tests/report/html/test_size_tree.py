"""The tree of sizes: every byte of every layer is in it once, however few rows it may have."""

import pytest

from layerscope.report.html.size_tree import ENDINGS, SizeTree, build_size_tree
from support.results import ResultRecipe, make_result
from support.tar_writer import TarMember, directory, file, whiteout

LOWER = [
    directory("srv"),
    *(file(f"srv/{number}.bin", bytes([number]) * (number + 1) * 100) for number in range(40)),
    file("srv/model", b"m" * 9000),
    file("etc/kept", b"k" * 50),
]
UPPER = [whiteout("srv/39.bin"), file("srv/model", b"m" * 9000, mode=0o755), file("opt/copy", bytes([7]) * 800)]


def build(*layers: list[TarMember], budget: int = 1_000_000) -> SizeTree:
    """The tree of an image with these layers."""
    return build_size_tree(make_result(ResultRecipe(layers=layers)), budget=budget)


def find_file(tree: SizeTree, name: str) -> tuple[object, ...]:
    """What layers hold at the path with that last name."""
    return next(row[2:] for row in tree.files if row[1] == name)


def sum_layers(tree: SizeTree) -> dict[int, tuple[int, int]]:
    """Bytes and wasted bytes by layer."""
    sums: dict[int, tuple[int, int]] = {}
    rows = [(layer, size, wasted) for _, layer, size, wasted, _ in tree.others]
    for _, _, *numbers in tree.files:
        for at in range(0, len(numbers), 4):
            layer, size, fate, _ = (int(number) for number in numbers[at : at + 4])
            rows.append((layer, size, size * (fate in ENDINGS.values())))
    for layer, size, wasted in rows:
        total, lost = sums.get(layer, (0, 0))
        sums[layer] = (total + size, lost + wasted)
    return sums


@pytest.mark.parametrize("budget", [0, 300, 900, 2000, 1_000_000])
def test_sums_are_those_of_the_image(budget: int) -> None:
    """Whatever is left out is in the sums of its folder, layer by layer, wasted bytes too."""
    result = make_result(ResultRecipe(layers=[LOWER, UPPER]))
    tree = build_size_tree(result, budget=budget)
    weights = enumerate(result.weight.layers)
    assert sum_layers(tree) == {number: (weight.total, weight.wasted) for number, weight in weights}
    assert 0 <= sum(row[4] for row in tree.others) - tree.left_out <= 1, "one file lies in two layers"
    assert len(tree.files) + tree.left_out == 43


def test_a_file_tells_what_became_of_it_in_each_layer() -> None:
    """Removed, shipped again with other attributes, and the same content at another path, each with the other layer."""
    tree = build(LOWER, UPPER)
    assert find_file(tree, "39.bin") == (0, 4000, 1, 1)
    assert find_file(tree, "model") == (0, 9000, 3, 1, 1, 9000, 0, 1)
    assert find_file(tree, "copy") == (1, 800, 4, 0)
    assert find_file(tree, "kept") == (0, 50, 0, 0)


def test_the_largest_files_keep_their_rows() -> None:
    """A budget for few rows is spent on those that weigh most, and their folders come before them."""
    tree = build(LOWER, UPPER, budget=150)
    assert {row[1] for row in tree.files} == {"model"}
    assert tree.folders == [(-1, ""), (0, "srv")]


def test_a_budget_holds_for_many_equal_files() -> None:
    """Where not all of those of one size have room, none of them has a row."""
    tree = build([file(f"srv/{number}", b"x" * 10) for number in range(3000)], budget=9000)
    assert (tree.files, tree.left_out) == ([], 3000)


def test_an_image_without_files_is_an_empty_tree() -> None:
    """Its root is there all the same."""
    assert build() == build([directory("srv")]) == SizeTree([(-1, "")], [], [], 0)


def test_names_are_safe_to_show() -> None:
    """What turns text around is written out, and a name that is very long costs no more than the budget."""
    tree = build([file("srv/\u202etxt", b"x"), file("srv/" + "\x01" * 250, b"y")], budget=500)
    assert [row[1] for row in tree.files] == []
    assert find_file(build([file("srv/\u202etxt", b"x")]), "\\u202etxt") == (0, 1, 0, 0)
