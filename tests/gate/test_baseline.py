"""A baseline knows findings of images whatever their tag, and its file changes little."""

from pathlib import Path

import pytest

from layerscope.errors import SettingsError, UnreadableBaselineError
from layerscope.gate.baseline import Accepted, Baseline, keep_worse, read_baseline
from layerscope.rules.severity import Severity
from support.results import make_finding

WASTE = Accepted("LAY101 deleted-in-later-layer /app/x", Severity.LOW, 3000)
SECRET = Accepted("CONF002 secret-in-environment", Severity.HIGH)
ONE = Baseline({"team/llm": {"aa": WASTE, "bb": SECRET}})


def test_what_is_known_is_known_of_that_image() -> None:
    """Another image with the same finding has to have it accepted as well."""
    assert ONE.find("team/llm", "aa") == WASTE
    assert ONE.find("team/other", "aa") is None
    assert ONE.find("team/llm", "cc") is None


def test_what_is_graver_is_not_covered() -> None:
    """Where no more bytes are wasted, they only are a greater part of a smaller image."""
    assert WASTE.covers(make_finding("LAY101", (0, "app/x"), severity=Severity.LOW, wasted=9000))
    assert not WASTE.covers(make_finding("LAY101", (0, "app/x"), severity=Severity.MEDIUM, wasted=9000))
    assert WASTE.covers(make_finding("LAY101", (0, "app/x"), severity=Severity.MEDIUM, wasted=3000))
    assert not SECRET.covers(make_finding("CONF002", (None, None), severity=Severity.CRITICAL))


def test_of_two_platforms_the_worse_is_kept() -> None:
    """They are one image, so an update accepts what either has."""
    graver = Accepted("CONF002 secret-in-environment", Severity.CRITICAL)
    assert keep_worse({"bb": SECRET, "aa": WASTE}, {"bb": graver}) == {"aa": WASTE, "bb": graver}


def test_an_update_leaves_other_images_alone() -> None:
    """Those that were not checked keep what they have; of the others, what is gone goes."""
    new = ONE.update({"team/web": {"cc": WASTE}})
    assert new.findings.keys() == {"team/llm", "team/web"}
    assert new.update({"team/web": {}}).findings == ONE.findings


def test_the_file_is_sorted_and_says_the_same_when_read(tmp_path: Path) -> None:
    """By what a person reads, a line for each finding."""
    path = tmp_path / "baseline.json"
    for baseline in (ONE, Baseline()):
        path.write_text(baseline.render())
        assert read_baseline(path) == baseline
    lines = ONE.render().splitlines()
    assert lines.index('      "bb": {"finding": "CONF002 secret-in-environment", "severity": "high"},') < len(lines) - 1
    turned = {image: dict(reversed(list(known.items()))) for image, known in ONE.findings.items()}
    assert Baseline(turned).render() == ONE.render()


def test_no_file_is_no_baseline(tmp_path: Path) -> None:
    """Whoever asks for it decides what that means."""
    assert read_baseline(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"version": 2, "images": {',
        '["version", "images"]',
        '{"version": 3, "images": {}}',
        '{"version": 2, "images": {"a": ["b"]}}',
        '{"version": 2, "images": {"a": {"b": "c"}}}',
        '{"version": 2, "images": {"a": {"b": {"finding": "c", "severity": "grave"}}}}',
        '{"version": 1, "images": {"docker": {"b": "CONF011 secret-in-layer"}}}',
    ],
)
def test_a_baseline_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    """What was expected is told, and never is it taken for an empty one; --update-baseline can write it anew."""
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(UnreadableBaselineError, match=r"reading the baseline .*: (?:expected|it is of version 1)"):
        read_baseline(path)


@pytest.mark.parametrize("text", ["images: [a]", "[]", '{"version": "1.2.3", "name": "app"}'])
def test_another_file_is_never_written_over(tmp_path: Path, text: str) -> None:
    """What never was a baseline stays what it is."""
    path = tmp_path / "package.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match="it is another file") as refused:
        read_baseline(path)
    assert not isinstance(refused.value, UnreadableBaselineError)
