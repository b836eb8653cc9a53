"""`layerscope rules policies`: the tables of outside knowledge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from layerscope.policies.policies import TABLES

Answer = Callable[..., tuple[int, bytes, str]]


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
