"""Recipes become the images that they describe."""

import json
from pathlib import Path

import pytest

from support.built_image import BuiltImage
from support.images import RecipeError, list_recipes, load_fixture, load_recipe
from support.tar_writer import PAX, V7, directory, file, opaque, whiteout, write_tar

MIDNIGHT = 1_767_225_600 * 10**9
HEAD = 'purpose = "p"\ntag = "a:1"\n'


def build(tmp_path: Path, text: str) -> BuiltImage:
    """The image of a recipe given as text."""
    (tmp_path / "image.toml").write_text(HEAD + text)
    return load_recipe(tmp_path).build()


def test_entries_become_members_in_their_order(tmp_path: Path) -> None:
    """Directories, files and both whiteouts stand in the layer as written, at the image's time."""
    image = build(
        tmp_path,
        """[[steps]]
        entries = [{dir = "a"}, {file = "a/b", text = "c", mode = 0o600}, {whiteout = "a/d"}, {opaque = "e"}]
        """,
    )
    members = [
        directory("a", mtime_ns=MIDNIGHT),
        file("a/b", b"c", mode=0o600, mtime_ns=MIDNIGHT),
        whiteout("a/d", mtime_ns=MIDNIGHT),
        opaque("e", mtime_ns=MIDNIGHT),
    ]
    assert image.layers == [write_tar(members, dialect=PAX)]


def test_a_step_chooses_its_dialect(tmp_path: Path) -> None:
    """The layer is written in the dialect that the step names."""
    image = build(tmp_path, '[[steps]]\ndialect = "v7"\nentries = [{file = "a"}]\n')
    assert image.layers == [write_tar([file("a", mtime_ns=MIDNIGHT)], dialect=V7)]


def test_names_hold_bytes_that_toml_cannot_spell(tmp_path: Path) -> None:
    """With `escaped`, %ff stands for the byte 255."""
    image = build(tmp_path, '[[steps]]\nentries = [{file = "a%ff", escaped = true}]\n')
    assert image.layers == [write_tar([file("a\udcff", mtime_ns=MIDNIGHT)])]


def test_counted_entries_are_numbered(tmp_path: Path) -> None:
    """`count` repeats an entry with its number in name and text."""
    image = build(tmp_path, '[[steps]]\nentries = [{file = "{n:02}", text = "{n}", count = 2}]\n')
    members = [file("00", b"0", mtime_ns=MIDNIGHT), file("01", b"1", mtime_ns=MIDNIGHT)]
    assert image.layers == [write_tar(members)]


@pytest.mark.parametrize(
    ("keys", "content"),
    [
        ("size = 3", b"\0\0\0"),
        ('size = 5, pattern = "ab"', b"ababa"),
        ('base64 = "//8="', b"\xff\xff"),
        ("", b""),
    ],
)
def test_contents_are_patterns_zeros_or_bytes(tmp_path: Path, keys: str, content: bytes) -> None:
    """A file's bytes are said in text, base64, or a size and what fills it."""
    image = build(tmp_path, f'[[steps]]\nentries = [{{file = "a"{", " if keys else ""}{keys}}}]\n')
    assert image.layers == [write_tar([file("a", content, mtime_ns=MIDNIGHT)])]


def test_seeds_give_the_same_noise_each_time(tmp_path: Path) -> None:
    """Equal seeds are equal files, other seeds other ones."""
    entries = '{file = "a", size = 9, seed = 1}, {file = "b", size = 9, seed = 1}, {file = "c", size = 9, seed = 2}'
    (layer,) = build(tmp_path, f"[[steps]]\nentries = [{entries}]\n").layers
    first, second, third = (layer[place : place + 9] for place in (512, 1536, 2560))
    assert first == second != third


def test_steps_without_entries_are_history_alone(tmp_path: Path) -> None:
    """A step that changes no file is an empty layer in the history."""
    image = build(tmp_path, '[[steps]]\ncreated_by = "ENV A=b"\n[[steps]]\ncreated_by = "COPY"\nlayer = true\n')
    config = json.loads(image.config)
    assert config["history"] == [
        {"created": "2026-01-01T00:00:00Z", "created_by": "ENV A=b", "empty_layer": True},
        {"created": "2026-01-01T00:00:00Z", "created_by": "COPY"},
    ]
    assert config["rootfs"]["diff_ids"] == image.diff_ids
    assert len(image.layers) == 1


def test_the_runtime_configuration_is_spelled_as_docker_does(tmp_path: Path) -> None:
    """Only what is set is in the config, under Docker's keys."""
    image = build(tmp_path, 'steps = []\n[config]\nenv = ["A=b"]\nworkdir = "/w"\nhealthcheck = {test = ["NONE"]}\n')
    assert json.loads(image.config)["config"] == {
        "Env": ["A=b"],
        "WorkingDir": "/w",
        "Healthcheck": {"Test": ["NONE"], "Interval": 30 * 10**9, "Timeout": 30 * 10**9, "Retries": 3},
    }


def test_steps_may_be_for_one_architecture_only(tmp_path: Path) -> None:
    """Each architecture is a variant with the steps that are for it."""
    text = 'architectures = ["amd64", "arm64"]\n[[steps]]\nlayer = true\n[[steps]]\nlayer = true\nonly = ["arm64"]\n'
    image = build(tmp_path, text)
    assert [(variant.architecture, len(variant.layers)) for variant in image.variants] == [("amd64", 1), ("arm64", 2)]


@pytest.mark.parametrize(
    "text",
    [
        'stepz = ""\nsteps = []\n',
        "steps = [{entries = [{file = 1}]}]\n",
        'steps = [{damage = [{on = "disk"}]}]\n',
        "steps = [\n",
    ],
)
def test_mistakes_in_a_recipe_are_named(tmp_path: Path, text: str) -> None:
    """Unknown keys, wrong types and broken TOML are errors that name the file."""
    with pytest.raises(RecipeError, match=r"image\.toml"):
        build(tmp_path, text)


@pytest.mark.parametrize("entry", ['{text = "x"}', '{file = "a", dir = "b"}'])
def test_an_entry_is_exactly_one_thing(tmp_path: Path, entry: str) -> None:
    """An entry without a kind, or with two, is an error."""
    with pytest.raises(RecipeError, match="an entry is one of"):
        build(tmp_path, f"steps = [{{entries = [{entry}]}}]\n")


@pytest.mark.parametrize("name", [name for name in list_recipes() if name != "many-files"])
def test_fixture_images_are_the_same_bytes_each_time(name: str) -> None:
    """Two builds of a fixture do not differ in a single byte."""
    assert load_fixture(name) == load_fixture(name)
