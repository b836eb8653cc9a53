"""The table of distributions that hold the same package, and the law that it keeps."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.python_twins import PythonTwins

HEAD = '[policy]\nabout = "a"\ndate = 2026-01-01\nrefresh = "r"\n'


def read(folder: Path, *names: str) -> PythonTwins:
    """The table with a row for each list of names."""
    rows = (f'[[twins]]\npackage = "p"\nnames = [{text}]\nadvice = "keep one"\nsource = "s"\n' for text in names)
    (folder / "python_twins.toml").write_text(HEAD + "".join(rows))
    return PythonTwins.read(folder)


def test_finds_the_twins_of_a_distribution() -> None:
    """By its normalised name; most have none."""
    twins = PythonTwins.read()
    assert "onnxruntime-gpu" in twins.find_twins("onnxruntime")
    assert "onnxruntime" not in twins.find_twins("onnxruntime")
    assert twins.find_twins("requests") == ()


def test_refuses_a_distribution_in_two_rows(tmp_path: Path) -> None:
    """It would have two packages."""
    with pytest.raises(PolicyError, match="'a' is there twice"):
        read(tmp_path, '"a", "b"', '"a", "c"')


def test_refuses_a_row_of_one(tmp_path: Path) -> None:
    """It takes two to collide."""
    with pytest.raises(PolicyError, match="expected two or more"):
        read(tmp_path, '"a"')
