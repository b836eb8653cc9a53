"""Tables: read, overridden, and refused where they are not what their types say."""

from datetime import date
from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.policies import TABLES, Policies
from layerscope.policies.table import Row, Table, find_place, parse_numbers, read_head, read_table

HEAD = '[policy]\nabout = "birds"\ndate = 2026-11-22\nrefresh = "by hand"\n'
ROW = '[[bird]]\nname = "wren"\nsource = "seen"\n'


class BirdRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One bird."""

    name: str


class Birds(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of them."""

    bird: tuple[BirdRow, ...]


def write(folder: Path, text: str) -> Path:
    """A folder of tables with one table of birds."""
    (folder / "birds.toml").write_text(text)
    return folder


def test_a_table_is_read_from_the_folder(tmp_path: Path) -> None:
    """Its head, its rows, and where it was read."""
    folder = write(tmp_path, HEAD + ROW)
    table = read_table("birds", Birds, folder)
    assert (table.policy.date, [row.name for row in table.bird]) == (date(2026, 11, 22), ["wren"])
    assert (read_head("birds", folder)[1], find_place("birds", folder)) == (1, str(folder / "birds.toml"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (ROW, "policy"),
        (HEAD + ROW.replace('source = "seen"\n', ""), "source"),
        (HEAD + ROW + "colour = 1\n", "colour"),
        (HEAD + ROW + "name = 1\n", "overwrite"),
        (HEAD + "[[bird", "TOML|Expected|column"),
        ("\ud800", "utf"),
    ],
    ids=["no-head", "no-source", "unknown-key", "doubled-key", "no-toml", "no-text"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """The error names the table, the file and what is wrong."""
    (tmp_path / "birds.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(PolicyError, match=rf"(?s)reading the table birds \(.*{complaint}"):
        read_table("birds", Birds, tmp_path)


def test_versions_are_compared_field_by_field() -> None:
    """As numbers, and nothing else is one."""
    assert parse_numbers("575.57.08", what="a driver") == (575, 57, 8)
    with pytest.raises(PolicyError, match=r"reading a driver: '575\.x'"):
        parse_numbers("575.x", what="a driver")


def test_the_digest_follows_the_tables(tmp_path: Path) -> None:
    """Another table in a folder makes another digest, so that nothing derived by the old one is used."""
    before = Policies().digest
    assert Policies(tmp_path).digest == before
    for name in TABLES[:1]:
        (tmp_path / f"{name}.toml").write_text(HEAD)
        assert Policies(tmp_path).digest != before
