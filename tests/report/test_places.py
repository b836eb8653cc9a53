"""A place that a message names is not told twice."""

from layerscope.report.places import root_path, select_unnamed
from layerscope.rules.finding import Location


def test_a_path_starts_with_one_slash() -> None:
    """Also where the layer's tar wrote an absolute name."""
    assert root_path("etc/passwd") == root_path("/etc/passwd") == "/etc/passwd"


def test_what_the_message_names_is_left_out() -> None:
    """The layer and the path stand in the sentence already."""
    assert select_unnamed([Location(2, "app/x")], "Layer 2 (COPY) brings /app/x") == []


def test_what_the_message_leaves_out_is_told() -> None:
    """Layer 12 does not name layer 1, and another path is not this one."""
    places = [Location(1, "app/x"), Location(12, None)]
    assert select_unnamed(places, "Layer 12 brings /app/y") == [Location(1, "app/x")]


def test_a_named_layer_with_an_unnamed_path_keeps_the_path() -> None:
    """Only what was said is dropped."""
    assert select_unnamed([Location(2, "app/x")], "Layer 2 brings 1 file") == [Location(None, "app/x")]
