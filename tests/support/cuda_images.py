"""Trees of images with CUDA in them, as small as their file names allow."""

from collections.abc import Sequence

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.compilers import BuildToolsCollector
from layerscope.facts.cuda.declared import CudaDeclarationCollector
from layerscope.facts.cuda.driver_files import DriverFileCollector
from layerscope.facts.cuda.frameworks import FrameworkCollector
from layerscope.facts.cuda.libraries import CudaLibraryCollector
from layerscope.facts.cuda.packages import CudaPackageCollector
from layerscope.facts.cuda.toolkit import CudaToolkitCollector
from layerscope.facts.fact import Fact
from layerscope.image.config import RuntimeConfig
from support.contexts import make_context
from support.tar_member import TarMember, file, symlink

SITE = "usr/lib/python3.12/site-packages"
"""The environment that most of these lie in."""

TOOLKIT = "usr/local/cuda-12.4"
LIBRARIES = f"{TOOLKIT}/targets/x86_64-linux/lib"

COLLECTORS: tuple[type[Collector], ...] = (
    CudaDeclarationCollector,
    CudaToolkitCollector,
    CudaLibraryCollector,
    CudaPackageCollector,
    FrameworkCollector,
    DriverFileCollector,
    BuildToolsCollector,
)


def collect_cuda(*layers: Sequence[TarMember], env: Sequence[str] = (), steps: Sequence[str] = ()) -> tuple[Fact, ...]:
    """All facts about CUDA of an image with these layers."""
    return collect_all(cuda_context(*layers, env=env, steps=steps))


def cuda_context(*layers: Sequence[TarMember], env: Sequence[str] = (), steps: Sequence[str] = ()) -> FactContext:
    """The context of an image with these layers and this environment."""
    return make_context(*layers, steps=steps, runtime=RuntimeConfig(env=tuple(env)))


def collect_all(context: FactContext) -> tuple[Fact, ...]:
    """All facts about CUDA."""
    items = (item for collector in COLLECTORS for item in collector().collect(context))
    return tuple(item for item in items if isinstance(item, Fact))


def installed(name: str, version: str, metadata: str = "", *, site: str = SITE) -> TarMember:
    """A distribution's metadata; `metadata` are further headers."""
    folder = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n\nRead me.\n"
    return file(f"{folder}/METADATA", text.encode())


def sized(path: str, size: int = 1) -> TarMember:
    """A file of so many bytes."""
    return file(path, b"\x7fELF".ljust(size, b"\0")[:size])


def torch(version: str = "2.6.0", cuda: str = "12.4", *, site: str = SITE, libraries: bool = True) -> list[TarMember]:
    """Torch for a CUDA release, or for the CPU where that is empty."""
    local = f"+cu{cuda.replace('.', '')}" if cuda else "+cpu"
    text = (
        "from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip']\n"
        f"__version__ = '{version}{local}'\ndebug = False\ncuda: Optional[str] = {cuda!r}\n".replace("= ''", "= None")
        + "git_version = '2236df1770800ffea5697b11b0bb0d910b2e59e1'\nhip: Optional[str] = None\n"
    )
    members = [
        file(f"{site}/torch/version.py", text.encode()),
        installed("torch", version if cuda else f"{version}+cpu", site=site),
        sized(f"{site}/torch/lib/libtorch_cpu.so"),
    ]
    return [*members, sized(f"{site}/torch/lib/libtorch_cuda.so")] if cuda and libraries else members


def wheels(*, cuda: str = "12.4.127", cudnn: str = "9.1.0.70", size: int = 1, site: str = SITE) -> list[TarMember]:
    """NVIDIA's wheels for CUDA 12."""
    return [
        installed("nvidia-cuda-runtime-cu12", cuda, site=site),
        installed("nvidia-cublas-cu12", "12.4.5.8", site=site),
        installed("nvidia-cudnn-cu12", cudnn, site=site),
        sized(f"{site}/nvidia/cuda_runtime/lib/libcudart.so.12"),
        sized(f"{site}/nvidia/cublas/lib/libcublas.so.12", size),
        sized(f"{site}/nvidia/cublas/lib/libcublasLt.so.12"),
        sized(f"{site}/nvidia/cudnn/lib/libcudnn.so.{cudnn[0]}"),
        *(
            sized(f"{site}/nvidia/cudnn/lib/lib{name}.so.9")
            for name in (
                "cudnn_graph", "cudnn_ops", "cudnn_cnn", "cudnn_adv", "cudnn_heuristic", "cudnn_engines_precompiled",
                "cudnn_engines_runtime_compiled",
            )
            if cudnn[0] == "9"
        ),
    ]  # fmt: skip


def toolkit(*, size: int = 1) -> list[TarMember]:
    """The runtime libraries of a toolkit 12.4."""
    return [
        symlink("usr/local/cuda", "cuda-12.4"),
        file(f"{TOOLKIT}/version.json", b'{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}'),
        sized(f"{LIBRARIES}/libcudart.so.12.4.127"),
        symlink(f"{LIBRARIES}/libcudart.so.12", "libcudart.so.12.4.127"),
        sized(f"{LIBRARIES}/libcublas.so.12.4.5.8", size),
        symlink(f"{LIBRARIES}/libcublas.so.12", "libcublas.so.12.4.5.8"),
    ]


def development() -> list[TarMember]:
    """What only building needs of a toolkit."""
    return [
        sized(f"{TOOLKIT}/bin/nvcc"),
        sized(f"{TOOLKIT}/nvvm/bin/cicc", 300_000),
        file(f"{TOOLKIT}/nvvm/libdevice/libdevice.10.bc", b"BC"),
        file(f"{TOOLKIT}/targets/x86_64-linux/include/cuda.h", b"#pragma once"),
        sized(f"{LIBRARIES}/libcublas_static.a", 2_000_000),
        sized(f"{LIBRARIES}/stubs/libcuda.so", 5),
    ]
