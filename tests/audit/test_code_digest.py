"""The digest of the code changes with any of its files, and with nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import layerscope
from layerscope.audit.code_digest import digest_code


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the code, which is taken for it."""
    root = tmp_path / "layerscope"
    shutil.copytree(Path(layerscope.__file__).parent, root, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(layerscope, "__file__", str(root / "__init__.py"))
    digest_code.cache_clear()
    yield root
    digest_code.cache_clear()


def digest() -> str:
    """The digest as another process would find it."""
    digest_code.cache_clear()
    return digest_code()


@pytest.mark.parametrize(
    "place", ["facts/places.py", "filesystem/merge.py", "formats/secret_text.py", "image/config.py"]
)
def test_any_change_of_the_code_is_another_digest(code: Path, place: str) -> None:
    """Also in what collectors share."""
    before = digest()
    (code / place).write_text((code / place).read_text() + "# changed\n")
    assert digest() != before


def test_a_new_file_is_another_digest(code: Path) -> None:
    """A table that is loaded counts as code does."""
    before = digest()
    (code / "facts" / "table.json").write_text("{}")
    assert digest() != before


def test_the_same_code_elsewhere_is_the_same(code: Path) -> None:
    """Neither the place, nor times, nor byte-code, nor an editor's lock, nor the reports have a say."""
    before = digest()
    (code / "facts" / ".#places.py").symlink_to("somebody@host.1234")
    (code / "facts" / "y.pyc").write_bytes(b"y")
    (code / "facts" / "__pycache__").mkdir()
    (code / "facts" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
    (code / "report" / "units.py").write_text("")
    (code / "facts" / "places.py").touch()
    assert digest() == before
