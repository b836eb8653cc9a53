"""What the layer pass keeps of the small texts in which CUDA packages say what they were built for.

They are read as text, never executed: assignments of plain literals are all that is looked at.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

import msgspec

from layerscope.layers.extractor import Wants

TEXT_LIMIT: Final = 65536
"""Bytes of such a text; the longest, a METADATA with its readme, has its headers within the first few thousand."""

VALUE_LIMIT: Final = 200
"""Characters of a kept value; versions and file names are shorter."""

MODULES: Final = frozenset({"torch", "torchvision", "torchaudio"})
"""Packages whose version.py says more than their metadata: for which CUDA they were built."""

EXTENSIONS: Final = frozenset({
    "auto_gptq", "causal_conv1d", "deepspeed", "detectron2", "fairscale", "flash_attn", "flash_attn_3", "flashinfer",
    "flashinfer_python", "gptqmodel", "mamba_ssm", "natten", "pyg_lib", "pytorch3d", "sgl_kernel", "torch_cluster",
    "torch_scatter", "torch_sparse", "torch_spline_conv", "torchaudio", "torchtext", "torchvision", "vllm", "xformers",
})  # fmt: skip
"""Distributions (as their metadata folder spells them) with machine code against torch's C++ interface."""

_ASSIGNMENT: Final = re.compile(
    r"""^(\w{1,40})(?:[ ]?:[ ]?[\w\[\]. |]{1,60}?)?[ ]?=[ ]?"""
    r"""(?:(["'])([^"'\\\n]{0,200})\2|(None|True|False|\d{1,12}))[ \t\r]*(?:\#.*)?$""",
    re.MULTILINE,
)
_PAIR: Final = re.compile(r"""\(\s*["'](\w{1,40})["']\s*,\s*(?:["']([^"'\\\n]{0,200})["']|(True|False|None))\s*\)""")
_KEPT: Final = frozenset({
    "__version__", "cuda", "hip", "git_version", "package_name", "use_cuda", "cuda_version", "cudnn_version",
    "is_cuda_build", "is_rocm_build",
})  # fmt: skip
_CUDNN_PIN: Final = re.compile(
    r"^Requires-Dist:[ \t]*nvidia-cudnn-cu\d+[ \t]*\(?==([\d.]{1,40})", re.MULTILINE | re.IGNORECASE
)
_TORCH_PIN: Final = re.compile(
    r"^Requires-Dist:[ \t]*torch[ \t]*\(?([=<>!~][^;)\n]{1,100})", re.MULTILINE | re.IGNORECASE
)
_TOOLKIT_TEXT: Final = re.compile(r"CUDA Version (\d+(?:\.\d+){1,3})")


@dataclass(frozen=True)
class CudaTextExtractor:
    """Keeps a few named values of each such text."""

    name: str = "cuda-text"
    version: int = 1
    wants: Wants = field(
        default=Wants(
            names=frozenset({
                "version.py", "version_info.py", "build_and_package_info.py", "build_info.py", "cpp_lib.json",
                "version.json", "version.txt", "METADATA", "direct_url.json",
            }),
            limit=TEXT_LIMIT,
        )
    )  # fmt: skip

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The values by name, all of them text."""
        del size, mode
        folder, _, name = path.rpartition("/")
        read = _choose(folder, name)
        if read is None:
            return None
        values = {key: value[:VALUE_LIMIT] for key, value in read(content).items() if value}
        return values or None


def _choose(folder: str, name: str) -> Callable[[bytes], dict[str, str]] | None:
    """How the file is read, if it is one of ours: many others bear the same names."""
    parent = folder.rpartition("/")[2]
    if name == "version.py":
        return _read_assignments if parent in MODULES else None
    if name in {"version_info.py", "build_and_package_info.py"}:
        return _read_assignments if folder.endswith("onnxruntime/capi") else None
    if name == "build_info.py":
        return _read_pairs if folder.endswith("tensorflow/python/platform") else None
    if name == "cpp_lib.json":
        return _read_build if parent == "xformers" else None
    if name in {"version.json", "version.txt"}:
        is_toolkit = parent.startswith("cuda")
        return (_read_toolkit if name == "version.json" else _read_toolkit_text) if is_toolkit else None
    stem, dash, _ = parent.removesuffix(".dist-info").partition("-")
    if name == "METADATA" and stem == "torch":
        return _read_cudnn_pin
    if not dash or stem.lower() not in EXTENSIONS:
        return None
    return _read_pin if name == "METADATA" else _read_address


def _read_assignments(content: bytes) -> dict[str, str]:
    """Values that a module's text assigns to names of ours."""
    text = content.decode("utf-8", "replace")
    found = {name: quoted or plain for name, _, quoted, plain in _ASSIGNMENT.findall(text)}
    return {name: value for name, value in found.items() if name in _KEPT}


def _read_pairs(content: bytes) -> dict[str, str]:
    """Values of TensorFlow's build information, a list of pairs."""
    text = content.decode("utf-8", "replace")
    return {name: quoted or plain for name, quoted, plain in _PAIR.findall(text) if name in _KEPT}


def _read_build(content: bytes) -> dict[str, str]:
    """What xformers' libraries were compiled for."""
    version = _read_object(content).get("version")
    if not isinstance(version, dict):
        return {}
    cuda, torch = version.get("cuda"), version.get("torch")
    found = {"torch": torch} if isinstance(torch, str) else {}
    if isinstance(cuda, int):
        found["cuda"] = f"{cuda // 100}.{cuda % 100}"
    return found


def _read_toolkit(content: bytes) -> dict[str, str]:
    """The versions of a toolkit and its compiler."""
    parts = _read_object(content)
    found = {}
    for key in ("cuda", "cuda_nvcc", "cuda_cudart"):
        part = parts.get(key)
        version = part.get("version") if isinstance(part, dict) else None
        if isinstance(version, str):
            found[key] = version
    return found


def _read_toolkit_text(content: bytes) -> dict[str, str]:
    """The version of a toolkit before 11."""
    match = _TOOLKIT_TEXT.search(content.decode("utf-8", "replace"))
    return {"cuda": match[1]} if match else {}


def _read_pin(content: bytes) -> dict[str, str]:
    """The torch that a distribution requires, unless only an extra of it does."""
    headers = content.partition(b"\n\n")[0].decode("utf-8", "replace")
    for match in _TORCH_PIN.finditer(headers):
        line = headers[match.start() :].partition("\n")[0]
        if "extra" not in line.partition(";")[2]:
            return {"torch": "".join(match[1].split())}
    return {}


def _read_cudnn_pin(content: bytes) -> dict[str, str]:
    """The cuDNN that torch requires."""
    match = _CUDNN_PIN.search(content.partition(b"\n\n")[0].decode("utf-8", "replace"))
    return {"cudnn": match[1]} if match else {}


def _read_address(content: bytes) -> dict[str, str]:
    """The file name of the wheel that a distribution was installed from; never the address, which may hold a secret."""
    url = _read_object(content).get("url")
    if not isinstance(url, str):
        return {}
    name = unquote(url.partition("?")[0].partition("#")[0].rpartition("/")[2])
    return {"wheel": name} if name.endswith(".whl") else {}


def _read_object(content: bytes) -> dict[str, object]:
    """A JSON object; empty where it is none."""
    try:
        return msgspec.json.decode(content, type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return {}
