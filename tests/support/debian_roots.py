"""Roots of real Debian releases, unpacked from packages without their scripts, as tars that engines import."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

PROGRAM: Final = "mmdebstrap"
PACKAGES: Final = "base-files,busybox-static,libc6,python3-minimal"
SECONDS: Final = 120
_TELL: Final = 'dpkg-deb -f "$d"; echo "Status: install ok installed"; echo'
_HOOKS: Final = (
    f'for d in "$1"/var/cache/apt/archives/*.deb; do {_TELL}; done >"$1/var/lib/dpkg/status"',
    'rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/* "$1"/var/cache/apt/archives/*.deb',
    'printf "root:x:0:0:root:/root:/bin/sh\\n" >"$1/etc/passwd"; [ -e "$1/bin/sh" ] || ln -s busybox "$1/bin/sh"',
)


class NoRootError(Exception):
    """No root can be had here; the message says why."""


def fetch_root(suite: str) -> Path:
    """The tar of a release, kept for later runs; raises NoRootError without the program or a mirror."""
    if shutil.which(PROGRAM) is None:
        raise NoRootError(f"no {PROGRAM} on this machine")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerscope-roots"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"{suite}.tar"
    with (cache / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _make(suite, place)
    return place


def _make(suite: str, place: Path) -> None:
    part = place.with_suffix(".part")
    hooks = (f"--extract-hook={hook}" for hook in _HOOKS)
    command = [PROGRAM, "--quiet", "--format=tar", "--variant=extract", f"--include={PACKAGES}", *hooks]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1577836800"}
    done = subprocess.run(
        [*command, suite, str(part)], capture_output=True, timeout=SECONDS, check=False, env=environment
    )
    if done.returncode:
        raise NoRootError(f"{PROGRAM} {suite}: {done.stderr.decode(errors='replace').strip()[-200:]}")
    part.rename(place)
