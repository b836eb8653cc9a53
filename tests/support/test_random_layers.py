"""Random layers are the same for each seed and hold all that engines differ in; they shrink, and are told as Python."""

from typing import Final

from support import tar_member
from support.layer_recipes import render_layers, render_member
from support.random_layers import Layers, RandomLayer, make_layers
from support.shrunk_layers import shrink
from support.tar_header import GNU
from support.tar_member import Kind, TarMember, directory, file, hardlink, opaque, symlink

SEEDS: Final = range(250)


def list_members() -> list[TarMember]:
    """All members of some images."""
    return [member for seed in SEEDS for layer in make_layers(seed) for member in layer.members]


def test_a_seed_always_makes_the_same_layers() -> None:
    """Down to the bytes."""
    assert [layer.content for layer in make_layers(7)] == [layer.content for layer in make_layers(7)]
    assert make_layers(7) != make_layers(8)


def test_all_that_engines_differ_in_occurs() -> None:
    """Kinds, names, marks, numbers and attributes."""
    members = list_members()
    names = [member.name for member in members]
    assert {member.kind for member in members} == set(Kind)
    assert all(any(name.startswith(start) for name in names) for start in ("/", "./", "../", "q/../", ".wh."))
    assert all(any(part in name for name in names) for part in (".wh..wh..opq", ".wh..wh.plnk", "//", "/./"))
    assert any(member.device == (0, 0) and member.kind is Kind.CHARACTER_DEVICE for member in members)
    assert any(member.mode & 0o4000 and member.uid for member in members)
    assert all(any(table) for table in zip(*((m.xattrs, m.records, m.fields, m.sparse) for m in members), strict=True))
    assert {len(make_layers(seed)) for seed in SEEDS} == {1, 2, 3}


def test_a_recipe_makes_the_member() -> None:
    """What is told can be put among the cases as it stands."""
    members = list_members()
    names = vars(tar_member)
    assert [eval(render_member(member), dict(names)) for member in members] == members  # noqa: S307 - our own text


def test_a_recipe_has_a_line_a_layer() -> None:
    """Lowest first, with the dialect where it is not PAX."""
    layers = (RandomLayer((directory("d", mode=0o700), opaque("d"))), RandomLayer((hardlink("h", "d"),), GNU))
    assert render_layers(layers) == (
        "[directory('d', mode=0o700), file('d/.wh..wh..opq')]\n[hardlink('h', 'd')]  # written as gnu"
    )


def test_layers_shrink_to_what_matters() -> None:
    """Layers, members, and what is unusual about a member go, as long as the rest still does the same."""
    lower = RandomLayer((file("x"), directory("y")))
    upper = RandomLayer(
        (file("./a", b"1", mode=0o600, uid=5), symlink("s", "a"), file("b", records={"uid": b"1"})), GNU
    )

    def has_symlink_after_file(layers: Layers) -> bool:
        kinds = [[member.kind for member in layer.members] for layer in layers]
        return any(each[:2] == [Kind.FILE, Kind.SYMLINK] for each in kinds)

    assert shrink((lower, upper), has_symlink_after_file) == (RandomLayer((file("a"), symlink("s", "a"))),)
