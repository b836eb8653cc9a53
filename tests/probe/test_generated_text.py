"""Text, and every way of giving none, told apart."""

import pytest

from layerscope.probe.payload.generated_text import judge_text, measure_text


@pytest.mark.parametrize(
    ("text", "told", "kind"),
    [
        ("Good morning to you", {}, ""),
        ("你好 世界", {"tokens": [5, 6, 7]}, ""),
        ("no", {"tokens": [7]}, ""),
        ("ha ha ha ha ha ha ha ha", {}, ""),
        ("", {}, "empty"),
        ("anything", {"tokens": []}, "empty"),
        ("", {"count": 0}, "empty"),
        ("", {"raw": "<|endoftext|>"}, "special-only"),
        (" \n", {"tokens": [3, 4]}, "special-only"),
        ("!!!!!!!!!!!!!!!!", {"tokens": [0] * 16}, "degenerate"),
        ("!" * 40, {}, "degenerate"),
        ("\ufffd\ufffd", {}, "degenerate"),
        ("the the " * 40, {"tokens": [5, 6] * 40}, "degenerate"),
    ],
)
def test_kind_of_text(text: str, told: dict[str, object], kind: str) -> None:
    """Each text has its kind, and its neighbour has none."""
    found, detail = judge_text(text, **told)  # type: ignore[arg-type]
    assert found == kind
    assert bool(detail) == bool(kind)


def test_measures_are_shares() -> None:
    """What is measured is between none and all of the text."""
    assert measure_text("aab") == {"length": 3, "distinct": 0.6667, "most": 0.6667, "broken": 0.0}
    assert measure_text("")["length"] == 0
