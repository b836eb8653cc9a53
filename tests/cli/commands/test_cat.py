"""`layerscope cat` on fixture images."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cli.commands.cat import iter_plain
from layerscope.errors import UsageError
from support.images import FORMATS

Answer = Callable[..., tuple[int, bytes, str]]


@pytest.mark.parametrize("layout", FORMATS)
def test_a_file_is_written_as_it_is(layout: str, answer: Answer, write_service: Callable[[str], Path]) -> None:
    """From every layout, byte for byte."""
    code, out, err = answer("cat", write_service(layout), "/app/serve.py")
    assert (code, err) == (0, "")
    assert out == b"print('listening')\n"


def test_binary_bytes_are_written_as_they_are(answer: Answer, service: Path) -> None:
    """In a pipe nothing is decoded."""
    _, out, _ = answer("cat", service, "/usr/bin/python3")
    assert out == bytes(range(256)) * 100


def test_a_deleted_file_can_be_had_from_its_layer(answer: Answer, service: Path) -> None:
    """The error of the merged tree says which layer still has it."""
    code, _, err = answer("cat", service, "/app/.netrc")
    assert code == 1
    assert "layer 3 removed it; --layer 2 still has it" in err
    assert b"machine example.org" in answer("cat", service, "/app/.netrc", "--layer", 2)[1]


def test_a_layer_that_does_not_have_it_names_those_that_do(answer: Answer, service: Path) -> None:
    """A wrong layer leads to the right one."""
    code, _, err = answer("cat", service, "/app/serve.py", "--layer", 3)
    assert code == 1
    assert "the layer does not add or change it; layer 2 has it" in err


def test_links_are_followed_unless_told_otherwise(answer: Answer, service: Path) -> None:
    """A symlink at the end of the path is the file it leads to, or is named as what it is."""
    assert answer("cat", service, "/usr/bin/python3")[0] == 0
    code, _, err = answer("cat", service, "/usr/bin/python3", "--no-follow")
    assert code == 1
    assert "found a symlink to python3.11" in err


def test_a_link_that_leads_nowhere_is_told(answer: Answer, service: Path) -> None:
    """The missing part and the link that names it."""
    code, _, err = answer("cat", service, "/app/current")
    assert code == 1
    assert "/srv is not in the image (by app/current -> /srv/releases/2)" in err


def test_a_directory_is_no_file(answer: Answer, service: Path) -> None:
    """The way to list it is named."""
    code, _, err = answer("cat", service, "/app")
    assert code == 1
    assert "found a directory; layerscope tree lists it" in err


@pytest.mark.usefixtures("on_terminal")
def test_binary_is_not_written_to_a_terminal(answer: Answer, service: Path) -> None:
    """Unless it is forced."""
    code, out, err = answer("cat", service, "/usr/bin/python3")
    assert (code, out) == (2, b"")
    assert "it is not plain text; redirect it, or add --force" in err
    assert answer("cat", service, "/usr/bin/python3", "--force")[0] == 0


@pytest.mark.usefixtures("on_terminal")
def test_plain_text_is_written_to_a_terminal(answer: Answer, service: Path) -> None:
    """Text with accents and tabs is harmless."""
    assert answer("cat", service, "/etc/os-release")[0] == 0


def test_an_upper_layer_that_has_it_is_named_too(answer: Answer, service: Path) -> None:
    """What is asked of a low layer may have come later."""
    assert "; layer 2 has it" in answer("cat", service, "/app/serve.py", "--layer", 0)[2]
    assert "; layer 2 has it" in answer("extract", service, "/app/serve.py", "--layer", 0)[2]


@pytest.mark.parametrize(
    "obeyed",
    ["\x1b[2J", "\x9b2J", "\u202e", "\u2066", "\u200e", "\u200f", "\u061c", "\f", "\v", "hidden\rshown"],
)
def test_what_a_terminal_obeys_is_refused_wherever_it_is_cut(obeyed: str) -> None:
    """However the bytes come in chunks, none of the sequence is passed on whole."""
    content = f"text {obeyed} text".encode()
    for size in range(1, len(content) + 1):
        chunks = [content[start : start + size] for start in range(0, len(content), size)]
        passed: list[bytes] = []
        with pytest.raises(UsageError, match="not plain text"):
            passed.extend(iter_plain(chunks, "a"))
        assert obeyed.encode() not in b"".join(passed)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
def test_plain_text_passes_whole_however_it_is_cut(size: int) -> None:
    """Accents, tabs and the line ends of Windows are plain text."""
    content = "día\tд\r\n\u2014 €\r\n".encode()
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    assert b"".join(iter_plain(chunks, "a")) == content


def test_a_carriage_return_at_the_very_end_is_refused() -> None:
    """It would let the next prompt hide the last line."""
    with pytest.raises(UsageError):
        list(iter_plain([b"secret\r"], "a"))
