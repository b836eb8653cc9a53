"""What an unpacked image is given of the host's GPUs: device nodes and the driver's libraries, each named."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from layerscope.policies.injected import InjectedFiles
from layerscope.probe.oci_spec import Bind

DRIVER_FOLDER: Final = "/.layerscope-driver"
"""Where the libraries lie in the container: a folder of our own, so that none of the image is touched."""

LIBRARY_FOLDERS: Final = (
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/nvidia/lib64",
    "/usr/local/nvidia/lib", "/usr/lib/wsl/lib", "/run/opengl-driver/lib", "/usr/lib/nvidia",
)  # fmt: skip
"""Where distributions, NVIDIA's installer and device plugins, WSL 2 and NixOS put the driver's libraries."""

CAPABILITIES: Final = frozenset({"compute", "utility"})
MOST: Final = 200

_NODE: Final = re.compile(r"nvidia(?:\d+|ctl|-uvm|-uvm-tools|-modeset)|dxg")


def find_gpu_binds(injected: InjectedFiles, root: Path = Path("/")) -> list[Bind]:
    """Nodes first, then libraries of the capabilities `compute` and `utility`; none where the host has no GPU."""
    nodes = [Bind(str(path), f"/dev/{path.name}", is_device=True) for path in _iter_nodes(root / "dev")]
    if not nodes:
        return []
    found: dict[str, Bind] = {}
    for folder in LIBRARY_FOLDERS:
        place = root / folder.lstrip("/")
        for path in sorted(place.glob("lib*.so.*")) if place.is_dir() else ():
            if injected.find_capability(path.name) in CAPABILITIES and path.name not in found and path.is_file():
                found[path.name] = Bind(str(path.resolve()), f"{DRIVER_FOLDER}/{path.name}")
    return [*nodes, *list(found.values())[:MOST]]


def _iter_nodes(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("nvidia*")) + sorted(folder.glob("dxg")):
        if _NODE.fullmatch(path.name) and path.is_char_device():
            yield path
