"""What is not told is a gap."""

from layerscope.facts.gap import Gap, tell_cut


def test_a_ceiling_that_cuts_is_told() -> None:
    """One that does not is not."""
    assert list(tell_cut("unmet needs", 1_200, 1_000)) == [
        Gap("unmet needs", "image", "only the first 1,000 of 1,200 are told of")
    ]
    assert list(tell_cut("unmet needs", 1_000, 1_000)) == []
