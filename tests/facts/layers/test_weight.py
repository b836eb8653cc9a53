"""The image's weight is a fact too."""

from layerscope.facts.layers.weight import ImageWeight, ImageWeightCollector
from support.contexts import collect_one, make_context
from support.tar_member import file, whiteout


def test_repeats_what_was_measured() -> None:
    """Bytes that the container sees, and bytes that it does not."""
    context = make_context([file("kept", b"x" * 300), file("gone", b"y" * 100)], [whiteout("gone")])
    fact = collect_one(ImageWeightCollector, context, ImageWeight)
    assert (fact.total, fact.visible, fact.removed) == (400, 300, 100)
    assert fact.share(100) == 0.25


def test_an_empty_image_has_no_shares() -> None:
    """Nothing is no part of nothing."""
    assert collect_one(ImageWeightCollector, make_context([]), ImageWeight).share(10) == 0
