"""Comparisons of files against what `diff` and `find` say of two containers' root file systems."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast

import pytest

from layerscope.diff.trees import iter_file_changes
from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.found_differences import iter_expected, see
from support.indexes import merged
from support.live_engines import LiveEngine
from support.overlay_cases import CASES, TOP, Layers, combine
from support.tar_member import directory, file, hardlink, symlink

SECOND: Final = 1_000_000_000

BELOW: Final = [
    directory("a"),
    file("a/text", b"one\n"),
    file("a/mode", b"x"),
    file("a/owner", b"x"),
    file("a/time", b"x"),
    file("a/gone", b"x"),
    file("a/type", b"x"),
    file("a/first", b"linked"),
    hardlink("a/second", "a/first"),
    symlink("a/link", "text"),
]
ABOVE: Final = [
    directory("a"),
    file("a/text", b"two\n"),
    file("a/mode", b"x", mode=0o755),
    file("a/owner", b"x", uid=7, gid=8),
    file("a/time", b"x", mtime_ns=1_700_000_000 * SECOND),
    directory("a/type"),
    file("a/type/inside", b"x"),
    file("a/first", b"linked"),
    file("a/second", b"linked"),
    symlink("a/link", "mode"),
    file("a/new", b"x"),
]

PAIRS: Final[dict[str, tuple[Layers, Layers]]] = {
    "every aspect": (combine({"": [BELOW]}), combine({"": [ABOVE]})),
    "a layer more": (combine({"": [BELOW]}), combine({"": [BELOW, [file("a/text", b"three\n")]]})),
    "every rule of stacking": (combine(CASES)[:1], combine(CASES)),
    "other stacks": (combine(CASES)[:2], combine({name: CASES[name] for name in sorted(CASES)})),
}


def unpack(engine: LiveEngine, layers: Layers, folder: Path) -> Path:
    """What a container of the image shows, on disk."""
    tag, root = "layerscope-test/diff:1", folder / "root"
    root.mkdir(parents=True)
    write_docker_archive(build_image(layers, tag=tag, runtime={"Cmd": ["/none"]}), folder / "image.tar")
    engine.client.images.load((folder / "image.tar").read_bytes())
    container = engine.client.containers.create(tag, network_mode="none")
    try:
        exported = b"".join(cast("Iterable[bytes]", container.export()))
    finally:
        container.remove(force=True)
        engine.client.images.remove(tag, force=True)
    subprocess.run(["tar", "-xpf", "-", "-C", root, TOP], input=exported, check=True)
    return root


@pytest.mark.parametrize("name", PAIRS)
def test_files_differ_as_diff_and_find_say(docker_engine: LiveEngine, tmp_path: Path, name: str) -> None:
    """Every path that differs, and how; nothing else."""
    before, after = PAIRS[name]
    roots = [unpack(docker_engine, layers, tmp_path / str(number)) for number, layers in enumerate((before, after))]
    shared = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    changes = {change.path: see(change) for change in iter_file_changes(merged(*before), merged(*after), shared=shared)}
    found = {path: aspects for path, aspects in changes.items() if path != TOP and aspects != frozenset()}
    assert {path.removeprefix(f"{TOP}/"): aspects for path, aspects in found.items()} == {
        path.removeprefix(f"{TOP}/"): aspects for path, aspects in iter_expected(*roots, depth=2)
    }
