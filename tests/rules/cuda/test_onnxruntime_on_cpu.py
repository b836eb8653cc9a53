"""CUDA026 onnxruntime-on-cpu: what it flags and what it lets pass."""

from layerscope.rules.cuda.onnxruntime_on_cpu import OnnxruntimeOnCpu
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, sized, wheels
from support.sample_facts import DAMAGED
from support.tar_member import whiteout

GPU = [
    installed("onnxruntime-gpu", "1.20.1"),
    sized(f"{SITE}/onnxruntime/capi/libonnxruntime_providers_cuda.so"),
]


def test_flags_a_provider_without_its_libraries() -> None:
    """It says so in one line of its log."""
    (finding,) = flags(OnnxruntimeOnCpu, *collect_cuda(GPU))
    assert "was built for CUDA 12 and cuDNN 9 (the table of releases), which the image does not have" in finding.message
    (finding,) = flags(OnnxruntimeOnCpu, *collect_cuda([*GPU, *wheels(cudnn="8.9.2.26")]))
    assert "was built for cuDNN 9 (" in finding.message


def test_blames_the_layer_that_removed_the_libraries() -> None:
    """Not the one that brought the provider."""
    gone = whiteout(f"{SITE}/nvidia/cudnn")
    facts = collect_cuda([*GPU, *wheels()], [gone], steps=["RUN pip install onnxruntime-gpu", "RUN rm -f libcudnn*"])
    (finding,) = flags(OnnxruntimeOnCpu, *facts)
    path = f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9"
    assert finding.message.endswith(f"; layer 1 (RUN rm -f libcudnn*) removed /{path}")
    assert (finding.locations[0].layer, finding.locations[0].path) == (1, path)


def test_flags_a_package_without_its_provider() -> None:
    """Another package wrote over it and was removed."""
    (finding,) = flags(OnnxruntimeOnCpu, *collect_cuda([GPU[0], *wheels()]))
    assert finding.message.endswith("has no libonnxruntime_providers_cuda.so")


def test_ignores_what_fits_and_the_cpu_package_alone() -> None:
    """Many packages depend on the CPU build."""
    ignores(OnnxruntimeOnCpu, *collect_cuda([*GPU, *wheels()]))
    ignores(OnnxruntimeOnCpu, *collect_cuda([*GPU, *wheels(), installed("onnxruntime", "1.20.0")]))
    ignores(OnnxruntimeOnCpu, *collect_cuda([installed("onnxruntime", "1.20.1"), *wheels()]))
    ignores(OnnxruntimeOnCpu, DAMAGED, *collect_cuda(GPU))
