"""Packages with machine code against torch, and other libraries of kernels: what each was compiled for."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.context import FactContext
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.releases import read_tag, release
from layerscope.facts.cuda.seen import list_names, read_values, see, tell
from layerscope.facts.cuda.sites import Installed, Site
from layerscope.facts.cuda.text_extractor import EXTENSIONS
from layerscope.policies.frameworks import FrameworkTable

_NAMES: Final = frozenset(name.replace("_", "-") for name in EXTENSIONS)
_TORCH_TAG: Final = re.compile(r"(?:torch|pt)v?(\d)\.?(\d{1,2})(?:\.?(\d))?(?!\d)")
_BITSANDBYTES: Final = "libbitsandbytes_cuda"
_LOCAL_VERSION: Final = re.compile(r"[^-+]+-[^-+]+(\+[^-]+)-")


def find_torch_extensions(site: Site, context: FactContext) -> Iterator[Framework]:
    """Extensions of torch, by what they require, by their versions' local parts, and by their wheels' names."""
    for installed in site.distributions:
        if installed.name in _NAMES:
            yield _tell_extension(installed, site, context)


def find_bitsandbytes(site: Site, context: FactContext) -> Iterator[Framework]:
    """bitsandbytes, by the CUDA releases that its libraries are named for."""
    installed = site.find("bitsandbytes")
    if installed is None:
        return
    names = list_names(context, f"{site.path}/bitsandbytes", _BITSANDBYTES)
    found = [re.match(rf"{_BITSANDBYTES}(\d+)(?:_nocublaslt)?\.so", name) for name in names]
    numbers = tuple(sorted({match[1] for match in found if match}, key=int))
    seen = see(context, f"{site.path}/bitsandbytes/__init__.py", installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="bitsandbytes",
        version=installed.version,
        environment=site.path,
        build=Build.CUDA if numbers else Build.CPU,
        source="the names of its libraries",
        libraries=numbers,
        distributions=tell(installed),
        instruction=seen.instruction,
    )


def find_triton(site: Site, context: FactContext) -> Iterator[Framework]:
    """Triton, which compiles kernels while the program runs."""
    installed = site.find("triton", "pytorch-triton", "triton-nightly")
    if installed is None:
        return
    seen = see(context, f"{site.path}/triton/__init__.py", installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="triton",
        version=installed.version,
        environment=site.path,
        build=Build.CUDA,
        libraries=list_names(context, f"{site.path}/triton/backends", "nvidia", "amd"),
        distributions=tell(installed),
        instruction=seen.instruction,
    )


def find_cupy(site: Site, context: FactContext) -> Iterator[Framework]:
    """CuPy, by the name of its wheel."""
    for installed in site.distributions:
        if re.fullmatch(r"cupy(?:-cuda\w+)?", installed.name):
            seen = see(context, installed.path)
            yield Framework(
                evidence=seen.evidence,
                name="cupy",
                version=installed.version,
                environment=site.path,
                build=Build.CUDA,
                cuda=read_tag(re.sub(r"x$", "", installed.name)),
                source="the wheel's name",
                distributions=tell(installed),
                instruction=seen.instruction,
            )


def _tell_extension(installed: Installed, site: Site, context: FactContext) -> Framework:
    """One extension."""
    module = f"{site.path}/{installed.name.replace('-', '_')}"
    compiled = read_values(context, f"{module}/cpp_lib.json")
    version = read_values(context, f"{module}/version.py").get("__version__", installed.version)
    wheel = read_values(context, f"{installed.path}/direct_url.json").get("wheel", "")
    pin = read_values(context, f"{installed.path}/METADATA").get("torch", "")
    local = version.partition("+")[2] or _read_local(wheel)
    torch, source = pin, "its metadata"
    if not pin.startswith("=="):
        named = _read_torch(local, wheel, context.policies.frameworks)
        if compiled.get("torch"):
            torch, source = f"=={release(compiled['torch'])}.*", "xformers/cpp_lib.json"
        elif named:
            torch, source = f"=={named}.*", "the wheel's name"
        elif not pin:
            torch, source = _read_table(installed, context.policies.frameworks), "the table of releases"
    seen = see(context, module, installed.path)
    is_cpu = local.startswith("cpu")
    return Framework(
        evidence=seen.evidence,
        name=installed.name,
        version=version,
        environment=site.path,
        build=Build.CPU if is_cpu else Build.CUDA if compiled.get("cuda") or read_tag(local) else Build.UNKNOWN,
        cuda=compiled.get("cuda", "") or read_tag(local),
        torch=torch,
        source=source if torch else "the wheel's name",
        distributions=tell(installed),
        instruction=seen.instruction,
    )


def _read_local(wheel: str) -> str:
    """The local part of the version in a wheel's name: `cu12torch2.8cxx11abiTRUE`."""
    match = _LOCAL_VERSION.match(wheel)
    return match[1].lstrip("+") if match else ""


def _read_torch(local: str, wheel: str, table: FrameworkTable) -> str:
    """The torch release that a wheel's name or its version's local part tells; empty where neither does."""
    for row in table.flash_attn:
        match = re.match(row.pattern, wheel)
        if match:
            return release(match["torch"])
    tag = _TORCH_TAG.search(local)
    return f"{tag[1]}.{tag[2]}" if tag else ""


def _read_table(installed: Installed, table: FrameworkTable) -> str:
    """What the table tells of exactly this release."""
    rows = {"vllm": table.vllm, "xformers": table.xformers}.get(installed.name, ())
    version = installed.version.partition("+")[0]
    return next((row.torch for row in rows if row.version == version), "")
