"""CUDA023 incomplete-cuda-library: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.cuda.incomplete_cuda_library import IncompleteCudaLibrary
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, sized, wheels
from support.elf_facts import NEED
from support.sample_facts import DAMAGED
from support.tar_member import whiteout

SYSTEM = "usr/lib/x86_64-linux-gnu"


def test_flags_cudnn_without_its_parts() -> None:
    """One file of eight was copied."""
    (finding,) = flags(IncompleteCudaLibrary, *collect_cuda([sized(f"{SYSTEM}/libcudnn.so.9.1.0")]))
    assert finding.message == (
        "/usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0 is there, and libcudnn_graph.so.9, libcudnn_ops.so.9, "
        "libcudnn_cnn.so.9 and 4 more, without which it does not work, nowhere in the image"
    )
    assert finding.severity is Severity.HIGH


def test_flags_parts_for_training_as_a_small_matter() -> None:
    """They are left out on purpose."""
    names = ("cudnn", "cudnn_ops_infer", "cudnn_cnn_infer", "cudnn_adv_infer")
    (finding,) = flags(IncompleteCudaLibrary, *collect_cuda([sized(f"{SYSTEM}/lib{name}.so.8.9.7") for name in names]))
    assert finding.severity is Severity.LOW


def test_flags_a_run_time_compiler_without_its_built_in_headers() -> None:
    """NVRTC opens them at its first use."""
    (finding,) = flags(IncompleteCudaLibrary, *collect_cuda([sized(f"{SITE}/nvidia/cuda_nvrtc/lib/libnvrtc.so.12")]))
    assert "libnvrtc-builtins.so.12" in finding.message


def test_flags_parts_whose_library_is_gone() -> None:
    """A later step deleted it."""
    members = [each for each in wheels() if not each.name.endswith("/libcudnn.so.9")]
    (finding,) = flags(IncompleteCudaLibrary, *collect_cuda(members))
    assert finding.message == (
        "/usr/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn_graph.so.9 is there, and libcudnn.so.9, without "
        "which it does not work, nowhere in the image"
    )


def test_flags_a_deletion_at_the_layer_that_did_it() -> None:
    """The layer that brought the parts is not to blame."""
    gone = whiteout(f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9")
    (finding,) = flags(IncompleteCudaLibrary, *collect_cuda(wheels(), [gone], steps=["RUN pip", "RUN rm -f libcudnn*"]))
    assert finding.message.endswith("nowhere in the image: layer 1 (RUN rm -f libcudnn*) removed it")
    assert finding.locations[0].layer == 1


def test_ignores_a_whole_set() -> None:
    """So a set whose rest may lie in a layer that could not be read, and cuDNN's variant without that rest."""
    ignores(IncompleteCudaLibrary, *collect_cuda(wheels()))
    part = collect_cuda([sized(f"{SYSTEM}/libcudnn.so.9.1.0")])
    ignores(IncompleteCudaLibrary, DAMAGED, *part)
    jit = [sized(f"{SITE}/nvidia/cudnn_jit/lib/libcudnn.so.9"), installed("nvidia-cudnn-jit-cu12", "9.10.0")]
    ignores(IncompleteCudaLibrary, *collect_cuda(jit))


def test_ignores_what_a_package_carries_in_an_image_without_gpus() -> None:
    """CTranslate2's wheel brings one file of cuDNN, and runs on the CPU without the others."""
    own = sized(f"{SITE}/ctranslate2.libs/libcudnn-74a4c495.so.9.1.0")
    ignores(IncompleteCudaLibrary, *collect_cuda([own]))
    flags(IncompleteCudaLibrary, *collect_cuda([own], env=["NVIDIA_VISIBLE_DEVICES=all"]))


def test_leaves_a_deletion_to_the_finding_that_tells_what_fails() -> None:
    """Torch names libcudnn.so.9 in its header."""
    path = f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9"
    facts = collect_cuda(wheels(), [whiteout(path)], steps=["RUN pip", "RUN rm -f libcudnn*"])
    ignores(IncompleteCudaLibrary, *facts, replace(NEED, removed_by=1, removed_path=path))
