"""Comparisons of files against what `diff` and `find` say of two containers' root file systems."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, cast

import pytest

from layerscope.diff.trees import Aspect, FileChange, iter_file_changes
from layerscope.layers.entry import EntryType
from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.indexes import merged
from support.live_engines import LiveEngine
from support.overlay_cases import CASES, TOP, Layers, combine
from support.tar_member import directory, file, hardlink, symlink

FORMAT: Final = r"%P\t%y\t%m\t%U:%G\t%l\t%n\t%T@\0"
TYPE, MODE, OWNER, LINK, LINKS, TIME = range(6)

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


def find(root: Path) -> dict[str, list[str]]:
    """Every path of the cases, as `find` sees it."""
    command = ["find", str(root), "-mindepth", "2", "-printf", FORMAT]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode(errors="surrogateescape")
    return {path: row for path, *row in (line.split("\t") for line in told.split("\0") if line)}


def find_other_contents(before: Path, after: Path) -> set[str]:
    """The regular files whose bytes differ, as `diff` says."""
    command = ["diff", "-rq", "--no-dereference", str(before), str(after)]
    told = (
        subprocess.run(command, stdout=subprocess.PIPE, check=False)
        .stdout.decode(errors="surrogateescape")
        .splitlines()
    )
    files = (line.split(" ")[1] for line in told if line.startswith("Files ") and line.endswith(" differ"))
    return {str(Path(name).relative_to(before)) for name in files}


def iter_expected(before: Path, after: Path) -> Iterator[tuple[str, frozenset[Aspect] | None]]:
    """Each path that differs, with how; None for one that came or went. Times of directories are the engine's own."""
    one, other, contents = find(before), find(after), find_other_contents(before, after)
    for path in one.keys() | other.keys():
        if path not in one or path not in other:
            yield path, None
            continue
        old, new = one[path], other[path]
        has_type, is_file = old[TYPE] == new[TYPE], "d" not in {old[TYPE], new[TYPE]}
        found = {
            Aspect.TYPE: not has_type,
            Aspect.CONTENT: has_type and (path in contents or old[LINK] != new[LINK]),
            Aspect.MODE: old[MODE] != new[MODE],
            Aspect.OWNER: old[OWNER] != new[OWNER],
            Aspect.HARD_LINKS: is_file and old[LINKS] != new[LINKS],
            Aspect.TIME: is_file and int(float(old[TIME])) != int(float(new[TIME])),
        }
        if any(found.values()):
            yield path, frozenset(aspect for aspect, differs in found.items() if differs)


def see(change: FileChange) -> frozenset[Aspect] | None:
    """How a path differs, as layerscope tells it."""
    if not change.aspects:
        return None
    kinds = {node.type for node in (change.before, change.after) if node is not None}
    return frozenset(change.aspects) - ({Aspect.TIME, Aspect.HARD_LINKS} if EntryType.DIRECTORY in kinds else set())


@pytest.mark.parametrize("name", PAIRS)
def test_files_differ_as_diff_and_find_say(docker_engine: LiveEngine, tmp_path: Path, name: str) -> None:
    """Every path that differs, and how; nothing else."""
    before, after = PAIRS[name]
    roots = [unpack(docker_engine, layers, tmp_path / str(number)) for number, layers in enumerate((before, after))]
    shared = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    changes = {change.path: see(change) for change in iter_file_changes(merged(*before), merged(*after), shared=shared)}
    found = {path: aspects for path, aspects in changes.items() if path != TOP and aspects != frozenset()}
    assert {path.removeprefix(f"{TOP}/"): aspects for path, aspects in found.items()} == {
        path.removeprefix(f"{TOP}/"): aspects for path, aspects in iter_expected(*roots)
    }
