"""A report replaces what was there."""

from pathlib import Path

import pytest

from layerscope.cli.outputs import write_file


@pytest.mark.parametrize("mode", [0o600, 0o604, 0o664])
def test_a_report_keeps_the_mode_of_the_file_it_replaces(mode: int, tmp_path: Path) -> None:
    """What was made for one reader alone stays so."""
    path = tmp_path / "report.json"
    path.touch()
    path.chmod(mode)
    write_file(path, "{}")
    assert (path.read_text(), path.stat().st_mode & 0o7777) == ("{}", mode)


def test_a_new_report_gets_what_files_have(tmp_path: Path) -> None:
    """By the umask."""
    (tmp_path / "other").touch()
    write_file(tmp_path / "report.json", "{}")
    assert (tmp_path / "report.json").stat().st_mode == (tmp_path / "other").stat().st_mode
