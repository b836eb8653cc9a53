"""CUDA030 torch-extension-for-another-torch: what it flags and what it lets pass."""

from layerscope.rules.cuda.torch_extension_for_another_torch import TorchExtensionForAnotherTorch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, torch
from support.tar_member import file


def test_flags_a_pin_of_another_torch() -> None:
    """Both layers are told."""
    vllm = installed("vllm", "0.8.5", "Requires-Dist: torch==2.6.0")
    facts = collect_cuda([vllm], torch("2.7.1", "12.6"), steps=["RUN pip install vllm", "RUN pip install -U torch"])
    (finding,) = flags(TorchExtensionForAnotherTorch, *facts)
    assert finding.message == (
        "vllm 0.8.5 (layer 0: RUN pip install vllm) was built for torch ==2.6.0 (its metadata), and beside it is torch "
        "2.7.1+cu126 (layer 1: RUN pip install -U torch)"
    )
    assert finding.severity is Severity.CRITICAL


def test_flags_the_name_of_a_wheel() -> None:
    """flash-attn's metadata asks for any torch."""
    url = b'{"url": "https://example.com/flash_attn-2.7.4%2Bcu12torch2.5cxx11abiFALSE-cp312-cp312-linux_x86_64.whl"}'
    flash = [
        installed("flash_attn", "2.7.4", "Requires-Dist: torch"),
        file(f"{SITE}/flash_attn-2.7.4.dist-info/direct_url.json", url),
    ]
    (finding,) = flags(TorchExtensionForAnotherTorch, *collect_cuda([*flash, *torch()]))
    assert "was built for torch ==2.5.* (the wheel's name)" in finding.message


def test_flags_another_bug_fix_release_as_a_smaller_matter() -> None:
    """Its interface is most often the same."""
    vision = installed("torchvision", "0.21.0", "Requires-Dist: torch==2.6.0")
    (finding,) = flags(TorchExtensionForAnotherTorch, *collect_cuda([vision, *torch("2.6.1")]))
    assert finding.severity is Severity.MEDIUM


def test_ignores_what_fits() -> None:
    """Local parts and pre-releases of NVIDIA's images count as the release; without torch, nothing does."""
    vision = installed("torchvision", "0.21.0", "Requires-Dist: torch==2.6.0")
    ignores(TorchExtensionForAnotherTorch, *collect_cuda([vision, *torch()]))
    ignores(TorchExtensionForAnotherTorch, *collect_cuda([vision, *torch("2.6.0a0")]))
    ignores(TorchExtensionForAnotherTorch, *collect_cuda([vision]))
    newer = installed("xformers", "0.0.35", "Requires-Dist: torch>=2.10")
    ignores(TorchExtensionForAnotherTorch, *collect_cuda([newer, *torch("2.11.0", "13.0")]))
