"""A run without an engine: the unpacked image under runc or crun, or in bare namespaces; always removed."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from layerscope.errors import ProbeError
from layerscope.image.config import RuntimeConfig
from layerscope.probe import namespace_launcher
from layerscope.probe.bundle_folder import ROOT, RUNTIME_NOTE, STATE, end_container
from layerscope.probe.confinement import Confinement
from layerscope.probe.disk_watch import OF_BUNDLE, DiskWatch
from layerscope.probe.gpu_binds import DRIVER_FOLDER
from layerscope.probe.local_run import run_command
from layerscope.probe.observation import Observation
from layerscope.probe.oci_spec import DEVICES, MASKED, READ_ONLY, Bind, Start, build_oci_spec
from layerscope.probe.program import list_command
from layerscope.probe.seccomp_program import build_program
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import Progress

RUNTIMES: Final = ("runc", "crun")
NAMESPACES: Final = "namespaces"
_UID, _HOME = 2, 5
"""Fields of passwd(5)."""

PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class BundleRun(Struct, frozen=True):
    """What was seen, by which runtime, and why others before it did not start anything."""

    observation: Observation
    runtime: str
    refusals: tuple[str, ...] = ()
    lack: str = ""
    """What the runtime leaves open on this machine that others close."""


class Bundle(Struct, frozen=True):
    """An unpacked image that can be run again and again while its folder is there."""

    folder: Path
    config: RuntimeConfig
    binds: tuple[Bind, ...] = ()
    watch: DiskWatch | None = None
    """One for all runs, since what one writes is there in the next."""


def run_bundle(
    bundle: Bundle,
    spec: ProbeSpec,
    *,
    progress: Progress,
    confinement: Confinement,
    runtimes: Sequence[str] | None = None,
) -> BundleRun:
    """What the payload tells under the first runtime that starts it; raises ProbeError where none does."""
    start = Start(
        list_command(spec), _build_environment(bundle, confinement),
        bundle.config.working_dir or "/",
    )  # fmt: skip
    watch = bundle.watch or DiskWatch((bundle.folder,), OF_BUNDLE, confinement.limits.disk)
    if not confinement.read_only:  # others write to memory alone
        watch.begin()
    refusals: list[str] = []
    for runtime in runtimes or list_runtimes():
        progress.note(f"starting the image with {Path(runtime).name}")
        command = _build_command(runtime, bundle, start, confinement)
        try:
            seen = run_command(command, spec, progress=progress, watch=watch)
        finally:
            end_container(bundle.folder)
        if seen.executable or seen.was_killed or (runtime == NAMESPACES and not _is_refused(seen)):
            return BundleRun(seen, Path(runtime).name, tuple(refusals), _tell_lack(runtime, platform.machine()))
        refusals.append(f"{Path(runtime).name}: {_tell_refusal(seen)}")
    raise ProbeError(f"starting the unpacked image: {'; '.join(refusals)}")


def list_runtimes() -> list[str]:
    """The ways to start an image here, the most closed one first; runc and crun need root for limits of a cgroup."""
    found = [shutil.which(name) for name in RUNTIMES] if os.geteuid() == 0 else []
    return [*filter(None, found), NAMESPACES]


def _is_refused(seen: Observation) -> bool:
    """Whether the namespaces could not be had; a program that does not start in them is the image's own failure."""
    return any(line.startswith(namespace_launcher.REFUSAL) for line in seen.strays)


def _tell_refusal(seen: Observation) -> str:
    return seen.strays[-1][:300] if seen.strays else f"exit code {seen.exit_code}"


def _tell_lack(runtime: str, machine: str) -> str:
    """A runtime makes a filter by a library that knows every machine; the launcher has its own."""
    if runtime != NAMESPACES or build_program(machine) is not None:
        return ""
    return f"{NAMESPACES}: no seccomp filter, since the system calls of {machine} are not known here"


def _build_environment(bundle: Bundle, confinement: Confinement) -> list[str]:
    """The image's, with what is set beside it; HOME is that of the user's entry, as engines make it."""
    given = dict(each.partition("=")[::2] for each in (PATH, *bundle.config.env))
    home = _find_home(bundle.folder / ROOT, confinement.user.partition(":")[0])
    found = {"HOME": home, "HOSTNAME": "layerscope", **given, **confinement.environment}
    if any(bind.target.startswith(DRIVER_FOLDER) for bind in bundle.binds):
        found["LD_LIBRARY_PATH"] = ":".join(filter(None, (found.get("LD_LIBRARY_PATH"), DRIVER_FOLDER)))
    return [f"{name}={value}" for name, value in found.items() if name and "\0" not in value]


def _find_home(root: Path, user: str) -> str:
    place = root / "etc/passwd"
    if place.is_symlink() or (root / "etc").is_symlink() or not place.is_file():
        return "/"
    with place.open(encoding="utf-8", errors="replace") as stream:
        rows = [line.rstrip("\n").split(":") for line in stream.readlines(1 << 20)]
    return next((row[_HOME] for row in rows if len(row) > _HOME and row[_UID] == user and row[_HOME]), "/")


def _build_command(runtime: str, bundle: Bundle, start: Start, confinement: Confinement) -> list[str]:
    folder = bundle.folder
    if runtime == NAMESPACES:
        settings = build_launcher_settings(str(folder / ROOT), start, bundle.binds, confinement)
        return [sys.executable, "-I", "-S", str(Path(namespace_launcher.__file__)), json.dumps(settings)]
    name = folder.name.rpartition("@")[2]
    spec = build_oci_spec(confinement, start, bundle.binds, name=name)
    (folder / "config.json").write_text(json.dumps(spec))
    (folder / RUNTIME_NOTE).write_text(runtime)
    return [runtime, "--root", str(folder / STATE), "run", "--bundle", str(folder), name]


def build_launcher_settings(root: str, start: Start, binds: Sequence[Bind], confinement: Confinement) -> dict[str, Any]:
    """What the launcher is told."""
    user, _, group = confinement.user.partition(":")
    own = [Bind(path, path, is_device=True) for path in DEVICES if Path(path).exists() and path != "/dev/tty"]
    limits = confinement.limits
    return {
        "root": root,
        "command": list(start.command),
        "environment": list(start.environment),
        "folder": start.folder,
        "uid": int(user),
        "gid": int(group or user),
        "has_groups": os.geteuid() == 0,
        "read_only": confinement.read_only,
        "capabilities": [each for each in confinement.capabilities if each != "MKNOD"],
        "no_new_privileges": confinement.no_new_privileges,
        "tmp_flags": 0 if confinement.tmp_exec else namespace_launcher.MS_NOEXEC,
        "tmp_data": f"mode=1777,size={limits.tmp}",
        "shm_data": f"mode=1777,size={limits.shm}",
        "memory": limits.memory,
        "pids": limits.pids,
        "filter": build_program(platform.machine()),
        "masked": list(MASKED),
        "locked": list(READ_ONLY),
        "binds": [[bind.source, bind.target, bind.is_device] for bind in (*own, *binds)],
    }
