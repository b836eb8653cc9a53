"""CUDA025 cpu-only-torch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.rules.cuda.cpu_only_torch import CpuOnlyTorch
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, toolkit, torch, wheels
from support.gpu_facts import verdict
from support.sample_facts import DAMAGED


def test_flags_a_cpu_build_where_the_config_asks_for_gpus() -> None:
    """The wheel's index follows the CUDA that the image has."""
    facts = collect_cuda(
        toolkit(),
        torch(cuda=""),
        env=["CUDA_VERSION=12.4.1", "NVIDIA_REQUIRE_CUDA=cuda>=12.4"],
        steps=["ADD cuda", "RUN pip install torch"],
    )
    (finding,) = flags(CpuOnlyTorch, *facts)
    assert finding.message == (
        "torch 2.6.0+cpu in /usr/lib/python3.12/site-packages (layer 1: RUN pip install torch) is built for the CPU "
        "alone, and the config asks for GPUs"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.fixes[0].steps[0] == (
        "RUN python3 -m pip install --force-reinstall torch==2.6.0 --index-url https://download.pytorch.org/whl/cu124"
    )


def test_flags_a_cpu_build_beside_cuda_libraries() -> None:
    """Somebody wanted a GPU."""
    (finding,) = flags(CpuOnlyTorch, *collect_cuda(toolkit(), torch(cuda="")))
    assert finding.severity is Severity.HIGH
    other = torch(site="opt/venv/lib/python3.12/site-packages")
    (finding,) = flags(CpuOnlyTorch, *collect_cuda(toolkit(), torch(cuda=""), other))
    assert finding.confidence is Confidence.MEDIUM


def test_flags_a_torch_whose_cuda_library_is_gone() -> None:
    """Its version still says CUDA."""
    (finding,) = flags(CpuOnlyTorch, *collect_cuda([*torch(libraries=False), *wheels()]))
    assert "its libtorch_cuda.so is not in the image" in finding.message


def test_ignores_cpu_images_and_cuda_builds() -> None:
    """A CPU build in a CPU image is what was wanted."""
    ignores(CpuOnlyTorch, *collect_cuda(torch(cuda="")))
    ignores(CpuOnlyTorch, *collect_cuda([*torch(), *wheels()], env=["NVIDIA_VISIBLE_DEVICES=all"]))
    ignores(CpuOnlyTorch, DAMAGED, *collect_cuda([*torch(libraries=False), *wheels()]))


def test_flags_a_cpu_build_where_a_gpu_is_asked_about() -> None:
    """Asking for a GPU is wanting one; the whole of torch is concerned."""
    asked = verdict(Verdict.NO_CODE, name="H100")
    (finding,) = flags(CpuOnlyTorch, asked, *collect_cuda(torch(cuda="")))
    assert finding.message.endswith("is built for the CPU alone, and H100 was asked about")
    assert finding.severity is Severity.CRITICAL
    assert finding.ends_gpu_work
    assert finding.brief == "torch 2.6.0+cpu is built for the CPU alone"


def test_names_a_build_with_code_for_what_was_asked_about() -> None:
    """For all of them where there is one; PyPI's where neither the image nor a question names a CUDA."""
    facts = collect_cuda(torch(cuda=""))
    old = replace(verdict(Verdict.NO_CODE), torch_builds=("cu126 (torch 2.6-)", "cu124 (torch 2.4-2.6)"))
    new = replace(old, name="H100", torch_builds=("cu132 (torch 2.12-)", "cu124 (torch 2.4-2.6)"))
    (finding,) = flags(CpuOnlyTorch, *facts, old, new)
    assert "T4 and H100 were asked about" in finding.message
    assert finding.fixes[0].steps[0] == (
        "RUN python3 -m pip install torch==2.6.0+cu124 --index-url https://download.pytorch.org/whl/cu124"
    )
    (finding,) = flags(CpuOnlyTorch, *facts, replace(old, torch_builds=()))
    assert "T4 was asked about" in finding.message
    assert finding.fixes[0].steps[0].endswith("--force-reinstall torch==2.6.0 --index-url https://pypi.org/simple")
