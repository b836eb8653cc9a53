"""Frameworks are found with what they were built for."""

import json

import pytest

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.frameworks import FrameworkCollector
from support.contexts import collect, collect_one
from support.cuda_images import SITE, cuda_context, installed, sized, torch
from support.tar_member import TarMember, file


def find(*members: TarMember) -> Framework:
    """The only framework of an image."""
    return collect_one(FrameworkCollector, cuda_context(members), Framework)


def test_torch_tells_its_cuda_in_version_py() -> None:
    """And its cuDNN in its requirements."""
    found = find(
        *torch()[:1],
        installed("torch", "2.6.0", "Requires-Dist: nvidia-cudnn-cu12 (==9.1.0.70) ; platform_system == 'Linux'"),
    )
    assert (found.version, found.build, found.cuda, found.cudnn) == ("2.6.0+cu124", Build.CUDA, "12.4", "9.1.0.70")
    assert (found.environment, found.source) == (SITE, "torch/version.py")


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("__version__ = '2.6.0+cpu'\ncuda = None\nhip = None\n", Build.CPU),
        ("__version__ = '2.6.0'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n", Build.CPU),
        ("__version__ = '2.6.0+rocm6.2'\ncuda = None\nhip = '6.2.41133'\n", Build.ROCM),
        ("__version__ = '2.6.0+xpu'\ncuda = None\nhip = None\n", Build.UNKNOWN),
        ("__version__ = '2.6.0a0+ecf3bae40a.nv25.01'\ncuda = '12.8'\nhip = None\n", Build.CUDA),
    ],
)
def test_torch_builds(text: str, build: Build) -> None:
    """What it was built for is in its own words."""
    found = find(file(f"{SITE}/torch/version.py", text.encode()), installed("torch", "2.6.0"))
    assert found.build is build


def test_torch_of_conda_has_its_libraries_in_the_prefix() -> None:
    """They lie beside all others of the prefix."""
    site = "opt/conda/lib/python3.12/site-packages"
    found = find(*torch(site=site, libraries=False), sized("opt/conda/lib/libtorch_cuda.so"))
    assert "libtorch_cuda.so" in found.libraries


def test_tensorflow_tells_its_cuda_in_build_info() -> None:
    """The table makes the major version more exact, and stands in where the file is not there."""
    text = (
        "build_info = collections.OrderedDict([('cpu_compiler', '/usr/lib/llvm-18/bin/clang'), "
        "('cuda_compute_capabilities', ['sm_60', 'compute_90']), ('cuda_version', '12.5.1'), ('cudnn_version', '9'), "
        "('is_cuda_build', True), ('is_rocm_build', False)])\n"
    )
    path = f"{SITE}/tensorflow/python/platform/build_info.py"
    found = find(installed("tensorflow", "2.18.0"), file(path, text.encode()))
    assert (found.build, found.cuda, found.cudnn) == (Build.CUDA, "12.5.1", "9.3")
    cpu = find(installed("tensorflow-cpu", "2.18.0"))
    assert (cpu.build, cpu.cuda) == (Build.CPU, "")


def test_jax_is_its_distributions() -> None:
    """The plugin's name has the CUDA, the table the least that it needs."""
    found = find(
        installed("jax", "0.7.2"),
        installed("jaxlib", "0.7.2"),
        installed("jax-cuda13-plugin", "0.7.2"),
        installed("jax-cuda13-pjrt", "0.7.2"),
    )
    assert (found.build, found.cuda, found.cudnn) == (Build.CUDA, "13.0", "9.12.0.46")
    assert [each.name for each in found.distributions] == ["jax", "jax-cuda13-pjrt", "jax-cuda13-plugin", "jaxlib"]
    old = find(installed("jax", "0.4.20"), installed("jaxlib", "0.4.20+cuda12.cudnn89"))
    assert (old.build, old.cuda) == (Build.CUDA, "12")
    assert find(installed("jax", "0.7.2"), installed("jaxlib", "0.7.2")).build is Build.CPU


def test_onnxruntime_is_for_cuda_where_it_has_the_provider() -> None:
    """What it was built for comes from itself, else from the table."""
    folder = f"{SITE}/onnxruntime/capi"
    provider = sized(f"{folder}/libonnxruntime_providers_cuda.so")
    found = find(installed("onnxruntime-gpu", "1.20.1"), provider)
    assert (found.build, found.cuda, found.cudnn, found.source) == (Build.CUDA, "12", "9", "the table of releases")
    text = b"package_name = 'onnxruntime-gpu'\n__version__ = '1.20.1'\ncuda_version = \"11.8\"\n"
    told = find(installed("onnxruntime-gpu", "1.20.1"), provider, file(f"{folder}/build_and_package_info.py", text))
    assert (told.cuda, told.source) == ("11.8", "its build information")
    assert find(installed("onnxruntime", "1.20.1")).build is Build.CPU


def test_bitsandbytes_lists_the_cuda_of_its_libraries() -> None:
    """Those for the CPU and for other vendors are none."""
    folder = f"{SITE}/bitsandbytes"
    names = ("cpu", "cuda118", "cuda126", "rocm62")
    found = find(installed("bitsandbytes", "0.45.0"), *(sized(f"{folder}/libbitsandbytes_{name}.so") for name in names))
    assert found.libraries == ("118", "126")


def test_extensions_tell_the_torch_that_they_were_built_for() -> None:
    """By a pin, by what was recorded when they were compiled, or by the name of their wheel."""
    wheel = "flash_attn-2.7.4%2Bcu12torch2.6cxx11abiFALSE-cp312-cp312-linux_x86_64.whl"
    address = {"url": f"https://user:secret@example.com/v2.7.4/{wheel}?token=x", "archive_info": {}}
    facts = collect(
        FrameworkCollector,
        cuda_context(
            [
                installed("vllm", "0.8.5", "Requires-Dist: torch==2.6.0\nRequires-Dist: torchaudio==2.6.0"),
                installed("xformers", "0.0.31", "Requires-Dist: torch>=2.7"),
                file(f"{SITE}/xformers/cpp_lib.json", b'{"version": {"cuda": 1206, "torch": "2.7.1+cu126"}}'),
                installed("flash_attn", "2.7.4", "Requires-Dist: torch\nRequires-Dist: einops"),
                file(f"{SITE}/flash_attn-2.7.4.dist-info/direct_url.json", json.dumps(address).encode()),
                installed("torch_scatter", "2.1.2+pt25cu124"),
                installed("natten", "0.17.1", "Requires-Dist: torch==2.0.0; extra == 'old'"),
            ]
        ),
    )
    told = {each.name: (each.torch, each.cuda, each.source) for each in facts.of(Framework)}
    assert told == {
        "vllm": ("==2.6.0", "", "its metadata"),
        "xformers": ("==2.7.*", "12.6", "xformers/cpp_lib.json"),
        "flash-attn": ("==2.6.*", "12", "the wheel's name"),
        "torch-scatter": ("==2.5.*", "12.4", "the wheel's name"),
        "natten": ("", "", "the wheel's name"),
    }
    assert "secret" not in repr(facts.of(Framework))


def test_other_frameworks() -> None:
    """CuPy and TensorRT by their names, CTranslate2 by the table."""
    facts = collect(
        FrameworkCollector,
        cuda_context(
            [
                installed("cupy-cuda12x", "13.4.1"),
                installed("tensorrt-cu13", "10.13.0"),
                installed("ctranslate2", "4.6.0"),
                installed("triton", "3.2.0"),
            ]
        ),
    )
    assert {each.name: (each.cuda, each.cudnn) for each in facts.of(Framework)} == {
        "cupy": ("12", ""),
        "tensorrt": ("13", ""),
        "ctranslate2": ("12", "9"),
        "triton": ("", ""),
    }


def test_caches_and_vendored_copies_are_no_environments() -> None:
    """Nothing is imported from there."""
    context = cuda_context(
        [
            *torch(site="root/.cache/uv/archive-v0/abc"),
            *torch(site="opt/conda/pkgs/pytorch-2.5.1/lib/python3.12/site-packages"),
            installed("torch", "1.0", site=f"{SITE}/setuptools/_vendor"),
        ]
    )
    assert collect(FrameworkCollector, context).of(Framework) == ()
