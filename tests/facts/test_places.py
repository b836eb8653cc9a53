"""Places of caches, byte-code and package state are found in one pass over each layer's directories."""

from layerscope.facts.places import find_places
from support.indexes import layer
from support.tar_member import directory, file


def test_finds_caches_byte_code_and_package_state() -> None:
    """Positions ascend, and other entries are left out."""
    members = [file("a"), file("root/.cache/pip/x"), file("var/lib/apt/lists/y"), file("b/__pycache__/c.pyc")]
    places = find_places(layer(*members))
    assert (places.caches, places.byte_code, places.package_state) == ([1, 2], [3], [2])


def test_finds_caches_whose_paths_do_not_say_so() -> None:
    """However deep below their folder, whether a layer names the folder or not."""
    members = [directory("opt/conda/pkgs"), file("opt/conda/pkgs/x/y"), file("root/.cargo/registry/z"), file("z")]
    assert find_places(layer(*members)).caches == [1, 2]
