"""A baseline knows findings of images whatever their tag, and its file changes little."""

from pathlib import Path

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.baseline import Baseline, name_repository, read_baseline

ONE = Baseline({"team/llm": {"aa": "LAY101 deleted-in-later-layer /app/x", "bb": "CONF002 secret-in-environment"}})


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("team/llm:dev", "team/llm"),
        ("docker.io/team/llm", "team/llm"),
        ("registry.example:5000/team/llm:1@sha256:" + "0" * 64, "registry.example:5000/team/llm"),
        ("./out/Image.tar", "./out/Image.tar"),
    ],
)
def test_an_image_is_known_without_its_tag(image: str, name: str) -> None:
    """A tag is another one with every build; a path is what it is."""
    assert name_repository(image) == name


def test_what_is_known_is_known_of_that_image() -> None:
    """Another image with the same finding has to have it accepted as well."""
    assert ONE.knows("team/llm:1.6", "aa")
    assert not ONE.knows("team/other:1.6", "aa")
    assert not ONE.knows("team/llm:1.6", "cc")


def test_an_update_leaves_other_images_alone() -> None:
    """Those that were not checked keep what they have; of the others, what is gone goes."""
    new = ONE.update({"team/web": {"cc": "LAY102 x"}})
    assert new.findings.keys() == {"team/llm", "team/web"}
    assert new.update({"team/web": {}}).findings == ONE.findings


def test_the_file_is_sorted_and_says_the_same_when_read(tmp_path: Path) -> None:
    """By what a person reads, a line for each finding."""
    path = tmp_path / "baseline.json"
    path.write_text(ONE.render())
    assert read_baseline(path) == ONE
    lines = ONE.render().splitlines()
    assert lines.index('      "bb": "CONF002 secret-in-environment",') < len(lines) - 1
    turned = {image: dict(reversed(list(known.items()))) for image, known in ONE.findings.items()}
    assert Baseline(turned).render() == ONE.render()


def test_no_file_is_no_baseline(tmp_path: Path) -> None:
    """Whoever asks for it decides what that means."""
    assert read_baseline(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "images": {}}', '{"version": 1, "images": {"a": ["b"]}}', '{"version": 1}']
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    """What was expected is told, and never is it taken for an empty one."""
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"reading the baseline .*--update-baseline"):
        read_baseline(path)
