"""`layerscope diff --patch`: what differs inside of files is shown as lines of a diff, as many as are asked for."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.report.diff.markdown import CONTENTS_LIMIT
from support.built_image import build_image
from support.images import write_image
from support.report_checks import check_html
from support.tar_writer import file

Answer = Callable[..., tuple[int, bytes, str]]

LONG = " ".join(f"--find-links-{number} -rf" for number in range(30))
TOLD = re.compile(r"(?m)^ /srv/(\S+)  text$")


def write_pair(folder: Path, contents: dict[str, tuple[str, str]]) -> list[Path]:
    """Two images of one layer: each file with what it holds in the one and in the other."""
    images = [folder / "one", folder / "other"]
    for number, path in enumerate(images):
        members = [file(name, both[number].encode()) for name, both in contents.items()]
        write_image(build_image([members], tag="team/a:1"), path, "oci-dir")
    return images


def test_a_line_is_neither_wrapped_nor_changed(answer: Answer, tmp_path: Path) -> None:
    """Long ones and those with tabs, in a pipe and on a terminal, in Markdown and in HTML."""
    pair = write_pair(tmp_path, {"srv/Makefile": ("all:\n\tcc\n", f"all:\n\tcc\tx  \n{LONG}\n")})
    for form, before in (("terminal", "   "), ("markdown", "")):
        lines = answer("diff", *pair, "--patch", "-o", form)[1].decode().split("\n")
        for line in (" all:", "-\tcc", "+\tcc\tx  ", f"+{LONG}"):
            assert f"{before}{line}" in lines, (form, line)
    texts = check_html(answer("diff", *pair, "--patch", "-o", "html")[1].decode()).texts
    assert any(f"-\tcc\n+\tcc\tx  \n+{LONG}" in text for text in texts)


def test_a_line_has_its_sign_and_colour_on_a_terminal(
    answer: Answer, tmp_path: Path, on_terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal wraps what is long; what it wraps begins where no line has its sign."""
    del on_terminal
    monkeypatch.setenv("FORCE_COLOR", "1")
    pair = write_pair(tmp_path, {"srv/x": ("a\n", f"{LONG}\n")})
    out = answer("diff", *pair, "--patch")[1].decode()
    assert f"\x1b[32m   +{LONG}\x1b[0m\n" in out


def test_what_could_deceive_in_a_line_is_written_out(answer: Answer, tmp_path: Path) -> None:
    """Tabs are harmless; other control characters are not."""
    pair = write_pair(tmp_path, {"srv/x": ("a\n", "b\tc\x1b[2Jd\u202ee\n")})
    for form in ("terminal", "markdown", "html"):
        assert "+b\tc\\x1b[2Jd\\u202ee" in answer("diff", *pair, "--patch", "-o", form)[1].decode()


def test_as_many_files_are_shown_as_are_asked_for(answer: Answer, tmp_path: Path) -> None:
    """By path, those that another build changes anyway last, and how many more there are."""
    names = [f"srv/{number:02}" for number in range(14)]
    pair = write_pair(tmp_path, dict.fromkeys(("etc/hosts", *names), ("a\n", "b\n")))
    out = answer("diff", *pair, "--patch")[1].decode()
    assert TOLD.findall(out.partition("\nContents")[2]) == [f"{number:02}" for number in range(10)]
    assert "Contents  15 files\n" in out
    assert "\n and 5 more files (--limit 0 for all)\n" in out
    out = answer("diff", *pair, "--patch", "--limit", "0")[1].decode()
    assert len(TOLD.findall(out.partition("\nContents")[2])) == 14
    assert out.partition("\nContents")[2].index("/srv/13") < out.partition("\nContents")[2].index("/etc/hosts")
    assert "more file" not in out
    out = answer("diff", *pair, "--patch", "-o", "markdown")[1].decode()
    assert out.count("```diff\n@@") == 10
    assert "and 5 more files (`--limit 0` for all)" in out


def test_markdown_has_a_ceiling(answer: Answer, tmp_path: Path) -> None:
    """What does not fit the summary of a job is counted; a small file after large ones is shown."""
    before, after = (f"{letter * 60_000}\n" for letter in "ab")
    pair = write_pair(tmp_path, {f"srv/{n}": (before, after) for n in range(3)} | {"srv/small": ("1\n", "2\n")})
    out = answer("diff", *pair, "--patch", "-o", "markdown", "--limit", "0")[1].decode()
    assert CONTENTS_LIMIT / 2 < len(out.encode()) < CONTENTS_LIMIT + 20_000
    assert "+2\n" in out
    assert "and 2 files with more to show than there is room for: `-o json` has all" in out
