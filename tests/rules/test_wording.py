"""Messages word figures, layers and lists alike."""

import pytest

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.folders import Folder
from layerscope.rules.wording import (
    QUOTED_INSTRUCTION,
    SHOWN_LOCATIONS,
    SHOWN_MESSAGE,
    begin,
    blame_latest,
    locate_folders,
    quote_instruction,
    shorten,
    tell_count,
    tell_folders,
    tell_layer,
    tell_layers,
    tell_list,
    tell_share,
    tell_size,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (12_300_000, "12.3 MB"),
        (1_000_000_000, "1.0 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    """As engines and registries print them."""
    assert tell_size(size) == text


def test_counts_agree_with_their_nouns() -> None:
    """With thousands apart."""
    assert tell_count(1, "file") == "1 file"
    assert tell_count(12_345, "file") == "12,345 files"
    assert tell_count(2, "entry", "entries") == "2 entries"


def test_shares_are_whole_per_cents() -> None:
    """A small one is not nothing."""
    assert [tell_share(share) for share in (0.001, 0.01, 0.256, 1.0)] == ["under 1%", "1%", "26%", "100%"]


def test_layers_are_told_with_their_instruction() -> None:
    """Where there is one."""
    assert tell_layer(3, "RUN make") == "layer 3 (RUN make)"
    assert tell_layer(3) == "layer 3"
    assert tell_layer(None) == "the config"
    assert begin(tell_layer(3, "RUN make")) == "Layer 3 (RUN make)"


def test_long_instructions_are_cut() -> None:
    """Reports show the whole beside the layer."""
    assert len(quote_instruction("RUN " + "x" * 500)) == QUOTED_INSTRUCTION


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdef"), "a, b, c and 3 more"),
    ],
)
def test_lists_end_in_words(items: list[str], text: str) -> None:
    """And say how many they leave out."""
    assert tell_list(items) == text


def test_lists_count_what_they_are_not_given() -> None:
    """Where its number is known, however few items there are to show."""
    assert tell_list("abcde", unlisted=1000) == "a, b, c and 1,002 more"
    assert tell_list("ab", unlisted=1) == "a, b and 1 more"
    assert tell_list("", unlisted=1) == ""


def test_lists_that_were_cut_short_do_not_count() -> None:
    """How many more there are is not known."""
    assert tell_list("abcd", is_cut=True) == "a, b, c and others"


def test_layers_are_told_by_number() -> None:
    """In order."""
    assert [tell_layers([3]), tell_layers([4, 0]), tell_layers(range(6))] == [
        "layer 3",
        "layers 0 and 4",
        "layers 0, 1, 2 and 3 more",
    ]


def test_folders_are_told_with_their_bytes() -> None:
    """Others remain where these do not hold all files."""
    folders = [Folder(1, "opt/a", 2, 5000), Folder(1, "opt/b", 1, 10)]
    assert tell_folders(folders, 3) == "/opt/a 5.0 kB and /opt/b 10 B"
    assert tell_folders(folders, 9) == "/opt/a 5.0 kB, /opt/b 10 B and others"


def test_a_folder_of_two_layers_is_told_once() -> None:
    """With the bytes of both."""
    folders = [Folder(0, "opt/a", 1, 50), Folder(0, "opt/b", 1, 40), Folder(1, "opt/b", 1, 30)]
    assert tell_folders(folders, 3) == "/opt/b 70 B and /opt/a 50 B"


def test_places_of_one_layer_stand_together() -> None:
    """Layers in the order of their largest folders."""
    folders = [Folder(7, "a", 1, 9), Folder(5, "b", 1, 8), Folder(7, "c", 1, 7), Folder(5, "d", 1, 6)]
    assert [(place.layer, place.path) for place in locate_folders(folders)] == [(7, "a"), (7, "c"), (5, "b"), (5, "d")]


def test_places_are_told_once_and_not_without_end() -> None:
    """What leads comes first."""
    folders = [Folder(1, f"f{number}", 1, 1) for number in range(SHOWN_LOCATIONS + 5)]
    places = locate_folders([*folders[:1], *folders], Evidence(layer=4))
    assert places[:3] == (Evidence(layer=4), Evidence(1, "f0"), Evidence(1, "f1"))
    assert len(places) == SHOWN_LOCATIONS


def test_the_latest_layer_is_blamed_first() -> None:
    """Places of one layer keep their order, those of none come last, and none comes twice."""
    old, new, other = Evidence(1, "b"), Evidence(3, "z"), Evidence(3, "a")
    assert blame_latest(old, Evidence(), new, other, new) == (new, other, old, Evidence())


@pytest.mark.parametrize(
    ("text", "begun"),
    [("git lfs pull in the build", "git lfs pull in the build"), ("give it more", "Give it more"), ("", "")],
)
def test_a_sentence_begins_in_upper_case_and_a_command_as_it_is_typed(text: str, begun: str) -> None:
    """A shell knows no Git."""
    assert begin(text) == begun


def test_a_short_message_stays_and_a_long_one_keeps_its_ends() -> None:
    """The exception's name stands at one, what is wrong at the other."""
    assert shorten("x" * SHOWN_MESSAGE) == "x" * SHOWN_MESSAGE
    told = shorten(f"KeyError: {'x' * 5000} last")
    assert told.startswith("KeyError: x")
    assert told.endswith("x last")
    assert len(told) <= SHOWN_MESSAGE + len(" … ")
