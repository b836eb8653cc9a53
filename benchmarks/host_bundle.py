"""A bundle of this host's own Python: an empty root into which its files are bound, so that nothing is copied."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from layerscope.image.config import RuntimeConfig
from layerscope.policies.policies import Policies
from layerscope.probe.bundle_run import Bundle
from layerscope.probe.gpu_binds import find_gpu_binds
from layerscope.probe.oci_spec import Bind

MOUNT_POINTS = ("dev", "proc", "sys", "tmp")
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache", "/etc/passwd")
_PREFIXES = "import json, sys; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix]))"


@contextmanager
def open_host_bundle(python: str, root: Path = Path("/")) -> Iterator[Bundle]:
    """A folder with a root that shows this host's system, a Python with its packages, and its GPUs."""
    with TemporaryDirectory(prefix="layerscope-gpu-check-") as name:
        folder = Path(name)
        rootfs = folder / "rootfs"
        for point in MOUNT_POINTS:
            (rootfs / point).mkdir(parents=True)
        binds = [*list_system_binds(rootfs, root), *list_python_binds(python), *find_gpu_binds(Policies().injected)]
        yield Bundle(folder, RuntimeConfig(), tuple(binds))


def list_system_binds(rootfs: Path, root: Path) -> list[Bind]:
    """The folders of the system; those that are links become links in the new root."""
    found = []
    for path in SYSTEM:
        place = root / path.lstrip("/")
        if place.is_symlink():
            (rootfs / path.lstrip("/")).symlink_to(place.readlink())
        elif place.exists():
            found.append(Bind(str(place), path))
    return found


def list_python_binds(python: str) -> list[Bind]:
    """The folders that a Python and its packages lie in, without those that the system's show already."""
    done = subprocess.run([python, "-c", _PREFIXES], capture_output=True, check=True, text=True)
    executable, *prefixes = json.loads(done.stdout)
    folders = dict.fromkeys([*prefixes, str(Path(executable).resolve().parents[1])])
    return [Bind(each, each) for each in folders if not each.startswith("/usr/") and each not in {"/usr", "/"}]
