"""Where long paths are broken."""

from itertools import pairwise

import pytest

from layerscope.report.terminal.slashed import find_breaks


def split(text: str, width: int) -> list[str]:
    """The parts of a text."""
    breaks = [0, *find_breaks(text, width), len(text)]
    return [text[start:stop].rstrip() for start, stop in pairwise(breaks)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/usr/bin/x", ["/usr/bin/x"]),
        ("/usr/lib/python3/site-packages", ["/usr/lib/", "python3/site", "-packages"]),
        ("/usr/lib/python3/packages", ["/usr/lib/", "python3/", "packages"]),
        ("cpython-310-linux", ["cpython-310-", "linux"]),
        ("was 1,423 files", ["was", "1,423 files"]),
        ("of layer 7 (RUN", ["of layer 7", "(RUN"]),
        ("from layer 7", ["from layer 7"]),
        ("needs layer 7", ["needs", "layer 7"]),
        ("by /usr/bin/env here", ["by", "/usr/bin/env", "here"]),
        ("of /usr/lib/python3/x.so", ["of", "/usr/lib/", "python3/x.so"]),
        ("", [""]),
    ],
)
def test_words_stay_whole_and_paths_break_at_slashes(text: str, parts: list[str]) -> None:
    """A name that is wider than the line is cut where it has to be."""
    assert split(text, 12) == parts


def test_no_part_is_wider_than_the_line() -> None:
    """Wide characters take two columns."""
    assert split("\u6f22" * 5, 4) == ["\u6f22\u6f22", "\u6f22\u6f22", "\u6f22"]
