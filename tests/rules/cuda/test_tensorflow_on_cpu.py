"""CUDA027 tensorflow-on-cpu: what it flags and what it lets pass."""

from layerscope.rules.cuda.tensorflow_on_cpu import TensorflowOnCpu
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, toolkit, wheels
from support.sample_facts import DAMAGED
from support.tar_member import TarMember, file, whiteout

ENV = ["NVIDIA_VISIBLE_DEVICES=all"]


def tensorflow(is_cuda: bool = True) -> list[TarMember]:
    """TensorFlow 2.18."""
    text = (
        f"build_info = OrderedDict([('cuda_version', '12.5.1'), ('cudnn_version', '9'), ('is_cuda_build', {is_cuda})])"
    )
    path = f"{SITE}/tensorflow/python/platform/build_info.py"
    return [installed("tensorflow", "2.18.0"), file(path, text.encode())]


def test_flags_a_cuda_build_without_libraries() -> None:
    """It goes on with the CPU."""
    (finding,) = flags(TensorflowOnCpu, *collect_cuda(tensorflow(), env=ENV))
    assert finding.message.endswith("needs CUDA 12 and cuDNN 9, which the image does not have")
    (finding,) = flags(TensorflowOnCpu, *collect_cuda([*tensorflow(), *toolkit()]))
    assert finding.message.endswith("needs cuDNN 9, which the image does not have")


def test_blames_the_layer_that_removed_the_libraries() -> None:
    """It comes first; what was removed and is not missing plays no part."""
    gone = whiteout(f"{SITE}/nvidia/cublas")
    (finding,) = flags(TensorflowOnCpu, *collect_cuda([*tensorflow(), *wheels()], [gone], env=ENV))
    assert finding.message.endswith(f"; layer 1 removed /{SITE}/nvidia/cublas/lib/libcublas.so.12")
    assert finding.locations[0].layer == 1


def test_flags_a_cpu_build_where_the_config_asks_for_gpus() -> None:
    """Whatever libraries are there."""
    (finding,) = flags(TensorflowOnCpu, *collect_cuda([*tensorflow(is_cuda=False), *wheels()], env=ENV))
    assert finding.message.endswith("is built for the CPU alone, and the config asks for GPUs")


def test_ignores_cpu_images_and_what_fits() -> None:
    """TensorFlow's common build is for CUDA, also in images that are not."""
    ignores(TensorflowOnCpu, *collect_cuda(tensorflow()))
    ignores(TensorflowOnCpu, *collect_cuda([*tensorflow(), *wheels()], env=ENV))
    ignores(TensorflowOnCpu, DAMAGED, *collect_cuda(tensorflow(), env=ENV))
