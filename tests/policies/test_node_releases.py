"""The table of Node.js release lines keeps its law."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.node_releases import read_node_releases

HEAD = '[policy]\nabout = "x"\ndate = 2026-01-01\nrefresh = "y"\n'


def row(major: int, module: int, *, ends: int = 2025) -> str:
    """A row of the table."""
    head = f"[[release]]\nmajor = {major}\nmodule_version = {module}\n"
    return f'{head}released = 2020-01-01\nend_of_life = {ends}-01-01\nsource = "s"\n'


def test_our_table_keeps_its_law() -> None:
    """Node.js 20 has module version 115, and 26 has 147."""
    table = read_node_releases()
    found = [table.find(major) for major in (20, 26)]
    assert [row.module_version for row in found if row is not None] == [115, 147]
    assert table.find(1) is None


@pytest.mark.parametrize(
    "rows", [(row(18, 108), row(16, 115)), (row(18, 108), row(20, 108)), (row(18, 108, ends=2019),)]
)
def test_a_table_that_contradicts_itself_is_refused(rows: tuple[str, ...], tmp_path: Path) -> None:
    """A newer line has a newer module version, and ends after it began."""
    (tmp_path / "node_releases.toml").write_text(HEAD + "".join(rows))
    with pytest.raises(PolicyError):
        read_node_releases(tmp_path)
