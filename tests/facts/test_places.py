"""Places of caches and package state are found in one pass over each layer's paths."""

from layerscope.facts.places import find_places
from support.indexes import merged
from support.tar_member import directory, file


def test_finds_caches_and_package_state() -> None:
    """Positions ascend, and other entries are left out."""
    tree = merged([file("a"), file("root/.cache/pip/x"), file("var/lib/apt/lists/y"), file("b/__pycache__/c.pyc")])
    (places,) = find_places(tree)
    assert places.caches == [1, 2, 3]
    assert places.package_state == [2]


def test_finds_caches_whose_paths_do_not_say_so() -> None:
    """The folder may be named by a lower layer, or by none."""
    tree = merged([directory("opt/conda/pkgs")], [file("opt/conda/pkgs/x"), file("root/.cargo/registry/y"), file("z")])
    lower, upper = find_places(tree)
    assert lower.caches == []
    assert upper.caches == [0, 1]
