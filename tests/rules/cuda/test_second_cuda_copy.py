"""CUDA020 second-cuda-copy: what it flags and what it lets pass."""

from layerscope.rules.cuda.second_cuda_copy import SecondCudaCopy
from layerscope.rules.cuda_copies import NOTICED
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import LIBRARIES, SITE, collect_cuda, sized, toolkit, torch, wheels
from support.python_facts import ENVIRONMENT
from support.sample_facts import MB, weight

STEPS = ("ADD cuda.tar /", "RUN pip install torch")


def test_flags_a_toolkit_beside_the_wheels_that_torch_loads() -> None:
    """The bytes are those of the parts that both have, in the copy that nothing loads."""
    extra = sized(f"{LIBRARIES}/libcufft.so.11.2.1.3", 5000)
    facts = collect_cuda([*toolkit(size=NOTICED), extra], [*torch(), *wheels(size=NOTICED * 2)], steps=STEPS)
    (finding,) = flags(SecondCudaCopy, *facts, weight(1000 * MB))
    assert finding.message == (
        "CUDA 12.4 of the wheels in /usr/lib/python3.12/site-packages/nvidia (layer 1: RUN pip install torch) and "
        "CUDA 12.4 of the toolkit in /usr/local/cuda-12.4 (layer 0: ADD cuda.tar /) both hold cublas and cuda-runtime; "
        "torch 2.6.0+cu124 loads the first; nothing in Python loads the second. Without the second, the image loses "
        "50.0 MB"
    )
    assert finding.wasted == NOTICED + 1
    assert finding.severity is Severity.LOW
    assert [(place.layer, place.path) for place in finding.locations] == [
        (0, "usr/local/cuda-12.4"),
        (1, f"{SITE}/nvidia"),
    ]
    assert finding.fixes[0].title == "Build on an image without CUDA's libraries"


def test_flags_two_environments_with_wheels_of_their_own() -> None:
    """They could share one."""
    other = "opt/venv/lib/python3.12/site-packages"
    facts = collect_cuda(
        [*torch(), *wheels(size=NOTICED * 2), *torch(site=other), *wheels(size=NOTICED * 2, site=other)]
    )
    (finding,) = flags(SecondCudaCopy, *facts, weight(300 * MB))
    assert finding.severity is Severity.MEDIUM
    assert "loads the second" in finding.message


def test_flags_a_toolkit_beside_a_package_that_carries_its_own() -> None:
    """The package's cannot be taken out, and it is the one that is loaded."""
    own = [sized(f"{SITE}/torch/lib/libcudart-d0da41ae.so.11.0"), sized(f"{SITE}/torch/lib/libcublas.so.11", NOTICED)]
    (finding,) = flags(SecondCudaCopy, *collect_cuda([*toolkit(size=NOTICED), *torch(cuda="11.8"), *own]), weight(1))
    assert finding.locations[0].path == "usr/local/cuda-12.4"


def test_ignores_one_copy_and_small_ones_that_packages_carry() -> None:
    """A toolkit's cuDNN beside wheels without one is no second copy."""
    facts = collect_cuda([*torch(), *wheels(size=NOTICED)])
    ignores(SecondCudaCopy, *facts, weight(300 * MB))
    profiler = sized(f"{SITE}/triton/backends/nvidia/lib/cupti/libcublas.so.12", NOTICED - 10)
    ignores(SecondCudaCopy, *collect_cuda([*torch(), *wheels(size=NOTICED), profiler]), weight(300 * MB))
    cached = sized("root/.cache/uv/archive-v0/a/nvidia/cublas/lib/libcublas.so.12", NOTICED)
    ignores(SecondCudaCopy, *collect_cuda([*torch(), *wheels(size=NOTICED), cached]), weight(300 * MB))


def test_takes_packages_out_of_the_step_that_installs_them() -> None:
    """The base is not to blame for what the image's own step brought."""
    steps = ("RUN apt-get update && apt-get install -y --no-install-recommends cuda-libraries-12-4=12.4.1-1", STEPS[1])
    facts = collect_cuda(toolkit(size=NOTICED), [*torch(), *wheels(size=NOTICED * 2)], steps=steps)
    (finding,) = flags(SecondCudaCopy, *facts, weight(1000 * MB))
    assert finding.fixes[0].title == "Do not install cuda-libraries-12-4=12.4.1-1"
    assert finding.fixes[0].steps[0].startswith("Take cuda-libraries-12-4=12.4.1-1 out of layer 0 (RUN apt-get")


def test_names_the_base_with_the_images_own_python() -> None:
    """And NVIDIA's without libraries, for the CUDA that the image declares."""
    env = ["NV_CUDA_LIB_VERSION=12.4.1-1", "CUDA_VERSION=12.4.1"]
    facts = collect_cuda(toolkit(size=NOTICED), [*torch(), *wheels(size=NOTICED * 2)], steps=STEPS, env=env)
    (finding,) = flags(SecondCudaCopy, *facts, weight(1000 * MB), ENVIRONMENT)
    assert finding.fixes[0].steps[0].startswith("FROM python:3.11-slim ")
    assert "FROM nvidia/cuda:12.4.1-base-ubuntu" in finding.fixes[0].steps[1]
