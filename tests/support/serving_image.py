"""An image that serves a model on several GPUs, small, as those are built: no weights, a volume, a user of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.layers.cache import LayerCache
from layerscope.sources.select import select_source
from support.built_image import BuiltImage, build_image
from support.images import write_oci_layout
from support.tar_writer import TarMember, directory, file

SITE: Final = "usr/local/lib/python3.11/dist-packages"
USER: Final = 1000
COMMAND: Final = ("vllm", "serve", "Qwen/Qwen3-8B", "--tensor-parallel-size", "2")
FILES: Final[tuple[TarMember, ...]] = (
    *map(directory, ("etc", "data", "usr/local/bin", "usr/bin", "usr/lib/x86_64-linux-gnu", "home")),
    directory("home/app", uid=USER, gid=USER),
    file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"),
    file("etc/group", b"root:x:0:\napp:x:1000:\n"),
    file("usr/local/bin/vllm", b"#!/usr/bin/python3\n", mode=0o755),
    file("usr/bin/python3", b"\x7fELF", mode=0o755),
    file("usr/bin/sh", b"\x7fELF", mode=0o755),
    file("usr/bin/curl", b"\x7fELF", mode=0o755),
    file("usr/lib/x86_64-linux-gnu/libibverbs.so.1", b"\x7fELF", mode=0o755),
    file(f"{SITE}/nvidia/nccl/lib/libnccl.so.2", b"\x7fELF", mode=0o755),
    file(f"{SITE}/torch/version.py", b"__version__ = '2.9.1+cu128'\ncuda = '12.8'\nhip = None\n"),
    file(f"{SITE}/torch-2.9.1.dist-info/METADATA", b"Metadata-Version: 2.4\nName: torch\nVersion: 2.9.1\n"),
    file(f"{SITE}/vllm-0.33.0.dist-info/METADATA", b"Metadata-Version: 2.4\nName: vllm\nVersion: 0.33.0\n"),
)
RUNTIME: Final[dict[str, Any]] = {
    "Entrypoint": list(COMMAND[:1]),
    "Cmd": list(COMMAND[1:]),
    "User": "app",
    "Volumes": {"/data": {}},
    "ExposedPorts": {"8000/tcp": {}},
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "NVIDIA_VISIBLE_DEVICES=all"],
    "StopSignal": "SIGINT",
}


def build_serving_image(*further: TarMember, tag: str = "acme/serve:1", **runtime: Any) -> BuiltImage:
    """The image, with further files, and with these fields of the config in the place of its own."""
    return build_image([[*FILES, *further]], tag=tag, runtime={**RUNTIME, **runtime})


def audit_files(folder: Path, files: Sequence[TarMember], runtime: dict[str, Any]) -> AuditResult:
    """The audit of an image of one layer."""
    write_oci_layout(build_image([list(files)], tag="acme/serve:1", runtime=runtime), folder / "layout")
    options = AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)
    return audit_image(select_source(f"oci-dir:{folder / 'layout'}"), options=options)


def audit_serving(folder: Path, *further: TarMember, **runtime: Any) -> AuditResult:
    """The audit of that image, with further files and other fields of the config."""
    return audit_files(folder, (*FILES, *further), {**RUNTIME, **runtime})
