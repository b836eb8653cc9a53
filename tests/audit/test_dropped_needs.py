"""A path that the container starts with is dropped where somebody has read so, and told then; else it is refused."""

from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.applied import Applied, apply_layer_fix
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.report.applied_markdown import render_applied_markdown
from layerscope.rules.layer_edit import DropPath
from layerscope.sources.layout import LayoutSource
from support.images import build_image, write_oci_layout
from support.tar_member import directory, file, symlink

SHELL = b"\x7fELF"
FILES = [
    *map(directory, ("bin", "w", "w/data", "app")),
    file("bin/sh", SHELL, mode=0o755),
    file("bin/python3", SHELL, mode=0o755),
    file("bin/dash", SHELL, mode=0o755),
    file("entry.sh", b"#!/bin/dash\nexec python3 /w/inner.py\n", mode=0o755),
    file("w/run.py", b"print(1)"),
    file("w/inner.py", b"print(1)"),
    file("w/check.py", b"print(1)"),
    file("w/data/x", b"x"),
    file("app/main.py", b"print(1)"),
    file("w/linked.py", b"print(1)"),
    symlink("w/link.py", "linked.py"),
    file("srv", b"of no use"),
]


def drop(folder: Path, path: str, *, is_reviewed: bool = False, **config: Any) -> Applied:
    """What became of an image of which a path was to be dropped."""
    write_oci_layout(build_image([FILES], runtime={"Env": ["PATH=/bin"], **config}), folder / "source")
    (folder / "place").mkdir()
    destination = LayoutDestination(folder / "place" / "new")
    options = AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)
    before = audit_image(LayoutSource(str(folder / "source")), options=options)
    fix = LayerFix((DropPath(path),), (), is_reviewed=is_reviewed)
    return apply_layer_fix(before, fix, destination, options=options, progress=SilentProgress())


COMMANDS = [
    ("w/run.py", {"Entrypoint": ["python3", "/w/run.py"]}, "/w/run.py is gone, and the entrypoint needs it"),
    (
        "w/run.py",
        {"Cmd": ["/bin/sh", "-c", "python3 '/w/run.py' || true"]},
        "/w/run.py is gone, and the command needs it",
    ),
    ("w/run.py", {"Cmd": ["python3", "run.py"], "WorkingDir": "/w"}, "/w/run.py is gone, and the command needs it"),
    ("w", {"Cmd": ["python3", "/w/run.py"]}, "/w/run.py is gone, and the command needs it"),
    ("w/linked.py", {"Cmd": ["python3", "/w/link.py"]}, "/w/link.py is gone, and the command needs it"),
    ("w/data", {"Cmd": ["dash", "--root=/w/data"]}, "/w/data is gone, and the command needs it"),
    ("app/main.py", {"Cmd": ["python3", "-m", "app.main"]}, "/app/main.py is gone, and the command needs it"),
    ("w/inner.py", {"Entrypoint": ["/entry.sh"]}, "/w/inner.py is gone, and what /entry.sh starts needs it"),
    (
        "w/check.py",
        {"Healthcheck": {"Test": ["CMD-SHELL", "python3 /w/check.py"]}},
        "/w/check.py is gone, and the health check needs it",
    ),
]


@pytest.mark.parametrize(("path", "config", "told"), COMMANDS)
def test_a_path_that_a_container_starts_with_is_not_dropped_unread(
    tmp_path: Path, path: str, config: dict[str, Any], told: str
) -> None:
    """Whatever names it: a word of the config, a shell's text, a script, a module, a link."""
    applied = drop(tmp_path, path, **config)
    assert f"{told}; --reviewed drops it all the same" in applied.objections
    assert not (tmp_path / "place" / "new").exists()


@pytest.mark.parametrize(("path", "config", "told"), COMMANDS[:2])
def test_somebody_who_has_read_so_may_drop_it(tmp_path: Path, path: str, config: dict[str, Any], told: str) -> None:
    """And is told what the container misses."""
    applied = drop(tmp_path, path, is_reviewed=True, **config)
    assert applied.objections == ()
    assert applied.missed == (told,)
    assert "## Dropped all the same" in render_applied_markdown(applied)
    assert "is gone, and the" in render_applied_markdown(applied)


def test_an_interpreter_that_an_entry_script_names_is_not_dropped(tmp_path: Path) -> None:
    """The audit of the new image says so, and nobody's reading changes that."""
    applied = drop(tmp_path, "bin/dash", is_reviewed=True, Entrypoint=["/entry.sh"])
    assert any("/bin/dash" in objection for objection in applied.objections)


def test_other_paths_are_dropped(tmp_path: Path) -> None:
    """Of what the command names, nothing is gone."""
    applied = drop(tmp_path, "srv", Cmd=["python3", "/w/run.py", "/nowhere", "."])
    assert applied.is_proved
    assert applied.missed == ()


def test_another_way_to_what_is_needed_is_dropped(tmp_path: Path) -> None:
    """The command goes by the file itself."""
    applied = drop(tmp_path, "w/link.py", Cmd=["python3", "/w/linked.py"])
    assert applied.is_proved
