"""The tree of what grew and shrank: every byte of growth is in it once, however few rows it may have."""

import json

import pytest

from layerscope.audit.image_diff import ImageDiff
from layerscope.report.html.growth_tree import GrowthTree, build_growth_tree, write_growth_data
from support.hostile_texts import ATTACKS
from support.results import ResultRecipe, make_result
from support.tar_writer import TarMember, file

BEFORE = [*(file(f"srv/{number}.bin", b"a" * (number + 1) * 10) for number in range(40)), file("opt/gone", b"g" * 700)]
AFTER = [
    *(file(f"srv/{number}.bin", b"a" * (40 - number) * 10) for number in range(40)),
    file("usr/lib/python3/dist-packages/torch/a.so", b"t" * 5000),
]


def build(before: list[TarMember], after: list[TarMember]) -> ImageDiff:
    """The comparison of two images of one layer."""
    one, other = (
        make_result(ResultRecipe(layers=[layer], instructions=[f"COPY {name} /"]))
        for name, layer in (("old", before), ("new", after))
    )
    return ImageDiff(one, other)


def sum_tree(tree: GrowthTree) -> tuple[int, int, int]:
    """Bytes grown, bytes shrunk, and files."""
    grown = sum(row[2] for row in tree.files if row[2] > 0) + sum(row[3] for row in tree.others)
    shrunk = -sum(row[2] for row in tree.files if row[2] < 0) + sum(row[4] for row in tree.others)
    return grown, shrunk, len(tree.files) + sum(row[5] for row in tree.others)


@pytest.mark.parametrize("most", [0, 1, 7, 1000])
@pytest.mark.parametrize("budget", [0, 200, 1_000_000])
def test_sums_are_those_of_the_comparison(most: int, budget: int) -> None:
    """Whatever has no row of its own is in the sums of a folder above it."""
    difference = build(BEFORE, AFTER)
    tree = build_growth_tree(difference, most=most, budget=budget)
    grown, shrunk, files = sum_tree(tree)
    assert grown - shrunk == sum(each.growth for each in difference.sizes)
    assert files == sum(1 for each in difference.files if each.growth)
    assert all(parent < number for number, (parent, _) in enumerate(tree.folders))
    assert len(tree.files) <= most


def test_a_file_tells_its_cause_and_its_layer() -> None:
    """That of the second image, or of the first where the file is gone."""
    tree = build_growth_tree(build(BEFORE, AFTER))
    rows = {row[1]: (row[2], tree.causes[row[3]], tree.layers[row[4]]) for row in tree.files}
    assert rows["a.so"] == (5000, "Python package torch", "B 0: COPY new /")
    assert rows["gone"] == (-700, "folder /opt", "A 0: COPY old /")


def test_nothing_in_the_data_ends_its_element() -> None:
    """Whatever files and instructions are called."""
    texts = (text for text in ATTACKS.values() if text.strip() and "\ud800" not in text)
    names = [text.replace("\0", "").replace("/", "|")[:99] for text in texts]
    text = write_growth_data(build([], [file(f"srv/{name}/{name}", b"x") for name in names]))
    assert not set("<>&") & set(text)
    assert len(json.loads(text)["files"]) == len({*names})
