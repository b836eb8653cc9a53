"""Tests against the kernel: layers unpacked by GNU tar and stacked by overlayfs itself; need root and overlayfs."""

import io
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from layerscope.layers.entry import EntryType
from support.indexes import merged
from support.overlay_cases import CASES
from support.strategies import stacks
from support.tar_member import TarMember, directory, file, opaque, whiteout
from support.tar_writer import write_tar

MOUNT = 'mount -t overlay overlay -o "lowerdir=$1" merged && exec tar -C merged --numeric-owner --format=pax -cf - .'
VANISHED = 1
"""What tar returns where the kernel lists a whiteout in a directory of one layer only, and then denies it."""
Row = tuple[str, str, int, int, str, bytes]
"""Path, type, mode, owner, link and content."""


@cache
def why_not() -> str | None:
    """Why the kernel cannot be asked here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("unshare", "mount", "tar") if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    try:
        see_by_kernel([[directory("d"), file("a")], [directory("d"), opaque("d"), whiteout("a")]])
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no overlayfs on the folder for temporary files: {error}"
    return None


def see_by_kernel(layers: Sequence[Sequence[TarMember]]) -> list[Row]:
    """What overlayfs shows."""
    with TemporaryDirectory(prefix="overlay-") as folder:
        work = Path(folder)
        (work / "merged").mkdir()
        (work / "bottom").mkdir()
        for number, members in enumerate(layers):
            disk = work / str(number)
            disk.mkdir()
            unpack = ["tar", "-C", str(disk), "--numeric-owner", "--same-owner", "-p", "-xf", "-"]
            subprocess.run(unpack, input=write_tar(members), check=True, capture_output=True)
            turn_marks(disk)
        names = [str(number) for number in range(len(layers))]
        lower = ":".join([*names[::-1], "bottom"])
        command = ["unshare", "--mount", "sh", "-c", MOUNT, "sh", lower]
        done = subprocess.run(command, check=False, capture_output=True, cwd=work)
    if done.returncode not in {0, VANISHED}:
        raise OSError(done.stderr.decode())
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        return sorted(describe(archive, member) for member in archive if member.name != ".")


def turn_marks(disk: Path) -> None:
    """Turn whiteouts into overlayfs's own, as engines do while unpacking."""
    for folder, _, names in os.walk(disk):
        for name in names:
            mark = Path(folder, name)
            if name == ".wh..wh..opq":
                os.setxattr(folder, "trusted.overlay.opaque", b"y")
                mark.unlink()
            elif name.startswith(".wh."):
                mark.unlink()
                removed = mark.with_name(name.removeprefix(".wh."))
                if not os.path.lexists(removed):
                    os.mknod(removed, stat.S_IFCHR, os.makedev(0, 0))


def describe(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Row:
    """One member of the kernel's answer; hard links are told by their content alone."""
    path = member.name.removeprefix("./")
    source = archive.getmember(member.linkname) if member.islnk() else member
    kind = {tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.FIFOTYPE: "p", tarfile.CHRTYPE: "c"}.get(
        source.type, "f"
    )
    stream = archive.extractfile(source) if kind == "f" else None
    link = source.linkname if kind == "l" else ""
    return path, kind, source.mode, source.uid, link, stream.read() if stream else b""


def see_by_merge(layers: Sequence[Sequence[TarMember]]) -> list[Row]:
    """What the merge shows."""
    rows = []
    for node in merged(*layers).walk():
        is_file = node.type is EntryType.FILE
        content = layers[node.content_layer][node.content_position].content if is_file else b""
        rows.append((node.path, chr(node.type), node.mode, node.uid, node.link or "", content))
    return sorted(rows)


@pytest.fixture(autouse=True)
def _kernel() -> None:
    """Skip where the kernel cannot be asked."""
    reason = why_not()
    if reason:
        pytest.skip(reason)


@pytest.mark.parametrize("name", CASES)
def test_case_equals_overlayfs(name: str) -> None:
    """Each hand-made stack looks as overlayfs shows it."""
    layers = CASES[name]
    assert see_by_merge(layers) == see_by_kernel(layers)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stacks())
def test_random_layers_equal_overlayfs(layers: list[list[TarMember]]) -> None:
    """Random stacks look as overlayfs shows them."""
    assert see_by_merge(layers) == see_by_kernel(layers)
