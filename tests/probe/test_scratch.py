"""The folder of a probe's own files: where it is made, and that nothing of it is left."""

import sys
from pathlib import Path

import pytest

from layerscope.probe.local_run import run_here
from layerscope.probe.observation import PASSED
from layerscope.probe.payload.scratch import make_scratch, remove_folder
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress

LATE = """
import atexit, time
atexit.register(time.sleep, 600)
__version__ = "1.0"
"""


def test_it_is_ours_alone_and_goes_with_all_that_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in it is removed, and not what it leads to."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("kept")
    folder = Path(make_scratch("word"))
    assert folder == tmp_path / "layerscope-word"
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "deep/deeper").mkdir(parents=True)
    (folder / "deep/file").write_text("gone")
    (folder / "link").symlink_to(tmp_path / "kept")
    remove_folder(str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept/file").read_text() == "kept"


def test_another_place_is_taken_where_the_first_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a folder that is there already is never taken for ours."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "layerscope-taken").mkdir()
    folder = make_scratch("taken")
    assert folder == "/tmp/layerscope-taken"  # noqa: S108 -- made by it, and removed
    remove_folder(folder)
    assert not Path(folder).exists()


def test_nothing_is_left_and_no_end_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a package does when Python ends is no part of a generation, however long it takes."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "transformers.py").write_text(LATE)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    spec = ProbeSpec(sys.executable, modules=("transformers",), roles=("generation", "visibility"))
    seen = run_here(spec, progress=SilentProgress())
    imports = seen.find("imports")
    assert imports is not None
    assert imports.status == PASSED
    assert seen.is_complete
    assert list((tmp_path / "temporary").iterdir()) == []
