"""The history paired with the layers, whichever of the two is longer."""

from datetime import UTC, datetime

import pytest

from layerscope.image.config import HistoryEntry, ImageConfig, RuntimeConfig
from layerscope.image.history import BuildStep, history_mismatch, pair_history


def config(history: str) -> ImageConfig:
    """A config whose history has an entry for each letter: `L` made a layer, `e` is empty."""
    entries = tuple(HistoryEntry(created_by=f"step {n}", empty_layer=kind == "e") for n, kind in enumerate(history))
    return ImageConfig("amd64", "linux", None, None, None, "", RuntimeConfig(), (), entries)


@pytest.mark.parametrize(
    ("history", "layer_count", "layers"),
    [
        ("", 0, []),
        ("LeL", 2, [0, None, 1]),
        ("eLe", 1, [None, 0, None]),
        ("eee", 0, [None, None, None]),
        ("", 2, [0, 1]),
        ("Le", 3, [0, None, 1, 2]),
        ("e", 1, [None, 0]),
        ("LLL", 1, [0, None, None]),
        ("LeL", 0, [None, None, None]),
    ],
)
def test_steps_are_paired_from_the_bottom(history: str, layer_count: int, layers: list[int | None]) -> None:
    """Every layer gets a step, every history entry stays, surplus ones without a layer."""
    steps = pair_history(config(history), layer_count)
    assert [step.layer for step in steps] == layers
    assert [step.position for step in steps] == list(range(len(steps)))


def test_a_step_holds_what_the_history_says() -> None:
    """Time, raw text, instruction and emptiness are taken over."""
    created = datetime(2024, 1, 1, tzinfo=UTC)
    entry = HistoryEntry(created, "/bin/sh -c make", "someone", "a comment")
    plain = ImageConfig("amd64", "linux", None, None, None, "", RuntimeConfig(), (), (entry,))
    assert pair_history(plain, 1) == (
        BuildStep(0, created, "/bin/sh -c make", "RUN make", False, 0, "someone", "a comment"),
    )


def test_a_layer_without_history_has_a_step_of_unknown_origin() -> None:
    """Absence is a value: no time, no text."""
    assert pair_history(config(""), 1) == (BuildStep(0, None, "", "", False, 0),)


@pytest.mark.parametrize(("history", "layer_count"), [("LeL", 2), ("", 0), ("", 3), ("eee", 0)])
def test_a_history_that_fits_or_is_absent_is_no_mismatch(history: str, layer_count: int) -> None:
    """Builders may leave the history out; what they write must count right."""
    assert history_mismatch(config(history), layer_count) is None


@pytest.mark.parametrize(
    ("history", "layer_count", "message"),
    [
        ("LeL", 3, "records 2 layers, the image has 3: the upper layers have no build step"),
        ("LLL", 1, "records 3 layers, the image has 1: the last build steps have no layer"),
        ("e", 1, "records 0 layers, the image has 1"),
    ],
)
def test_a_mismatch_says_how_many_and_what_follows(history: str, layer_count: int, message: str) -> None:
    """Both numbers are told, and which side is short."""
    assert message in str(history_mismatch(config(history), layer_count))


def test_an_imported_layer_is_told_by_its_comment() -> None:
    """Where no instruction is recorded, what the engine noted stands in its place."""
    entry = HistoryEntry(comment="Imported from -")
    plain = ImageConfig("amd64", "linux", None, None, None, "", RuntimeConfig(), (), (entry,))
    assert pair_history(plain, 1)[0].instruction == "Imported from -"
