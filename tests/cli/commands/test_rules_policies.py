"""`layerscope rules policies`: the tables of outside knowledge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.policies import table
from layerscope.policies.policies import TABLES

Answer = Callable[..., tuple[int, bytes, str]]

GPUS = (Path(table.__file__).parent / "tables" / "gpu_arch.toml").read_text()


def test_every_table_is_listed_with_its_age(answer: Answer, document: Callable[..., Any]) -> None:
    """For a person and for a program."""
    code, out, _ = answer("rules", "policies")
    assert code == 0
    listed = document("rules", "policies")
    assert [table["name"] for table in listed] == list(TABLES)
    assert all(table["rows"] > 0 and table["age_days"] >= 0 and table["about"] for table in listed)
    assert all(name in out.decode() for name in TABLES)


def test_a_folder_with_a_table_that_nobody_asks_for_is_refused(answer: Answer, tmp_path: Path) -> None:
    """A misspelt name would be ignored in silence otherwise."""
    (tmp_path / "cuda_drivers.toml").write_text("")
    code, _, err = answer("rules", "policies", "--policy-dir", tmp_path)
    assert code == 2
    assert "no table is called cuda_drivers" in err


def test_a_folder_that_is_not_there_is_refused(answer: Answer, tmp_path: Path) -> None:
    """Instead of the built-in tables in silence."""
    code, _, err = answer("rules", "policies", "--policy-dir", tmp_path / "none")
    assert code == 2
    assert "No such file or directory" in err


def test_a_table_takes_one_line(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is about is cut at the page's end."""
    monkeypatch.setenv("COLUMNS", "100")
    lines = answer("rules", "policies")[1].decode().splitlines()
    assert [line.split()[0] for line in lines[1 : 1 + len(TABLES)]] == list(TABLES)
    assert max(map(len, lines)) <= 100


def test_a_table_that_contradicts_itself_is_an_error(answer: Answer, tmp_path: Path) -> None:
    """Every table is read in full, and the file and the row are named."""
    (tmp_path / "gpu_arch.toml").write_text(GPUS.replace("cc = 37", "cc = 35"))
    code, out, err = answer("rules", "policies", "--policy-dir", tmp_path)
    assert (code, out) == (2, b"")
    assert f"cc = 35 is in two [[gpu]] rows, expected one (table {tmp_path / 'gpu_arch.toml'})" in err


def test_a_table_of_long_ago_is_doubted(answer: Answer, document: Callable[..., Any], tmp_path: Path) -> None:
    """After a year, with a sign and for a program."""
    (tmp_path / "gpu_arch.toml").write_text(GPUS.replace("\ndate = 2026", "\ndate = 2020"))
    out = answer("rules", "policies", "--policy-dir", tmp_path)[1].decode()
    assert [line.split()[0] for line in out.splitlines() if " ? " in line] == ["gpu_arch"]
    assert "from --policy-dir: gpu_arch" in out
    listed = document("rules", "policies", "--policy-dir", tmp_path)
    assert [table["name"] for table in listed if table["is_stale"]] == ["gpu_arch"]
