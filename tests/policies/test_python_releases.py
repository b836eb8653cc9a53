"""The table of Python's releases, and the law that it keeps."""

from datetime import date
from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.python_releases import PythonReleases

HEAD = '[policy]\nabout = "a"\ndate = 2026-01-01\nrefresh = "r"\n'


def row(series: str, first: str, end: str) -> str:
    """One row."""
    return f'[[release]]\nseries = "{series}"\nfirst = {first}\nend = {end}\nsource = "s"\n'


def read(folder: Path, *rows: str) -> PythonReleases:
    """The table with these rows."""
    (folder / "python_releases.toml").write_text(HEAD + "".join(rows))
    return PythonReleases.read(folder)


def test_tells_the_end_of_a_series() -> None:
    """3.8 is over, 3.13 is not, 9.9 is not known."""
    releases = PythonReleases.read()
    assert releases.find_end("3.8") == date(2024, 10, 7)
    assert [releases.is_ended(series) for series in ("3.8", "3.13", "9.9")] == [True, False, False]


def test_refuses_a_series_that_ends_before_it_begins(tmp_path: Path) -> None:
    """A slip of the pen."""
    with pytest.raises(PolicyError, match="ends before"):
        read(tmp_path, row("3.9", "2020-10-05", "2019-01-01"))


@pytest.mark.parametrize("series", ["3.9", "3.10"])
def test_refuses_series_out_of_order(tmp_path: Path, series: str) -> None:
    """A later one begins later, and none is there twice."""
    with pytest.raises(PolicyError, match="does not begin after"):
        read(tmp_path, row("3.9", "2020-10-05", "2025-10-31"), row(series, "2020-10-04", "2026-10-31"))
