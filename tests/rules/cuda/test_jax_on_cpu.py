"""CUDA028 jax-on-cpu: what it flags and what it lets pass."""

from layerscope.rules.cuda.jax_on_cpu import JaxOnCpu
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, installed, wheels
from support.tar_member import TarMember

ENV = ["NVIDIA_VISIBLE_DEVICES=all"]


def jax(plugin: str = "0.6.0", library: str = "0.6.0") -> list[TarMember]:
    """JAX with a plugin for CUDA 12."""
    names = ("jax-cuda12-plugin", "jax-cuda12-pjrt")
    return [
        installed("jax", library),
        installed("jaxlib", library),
        *(installed(name, plugin) for name in names if plugin),
    ]


def test_flags_jax_without_a_plugin_where_the_config_asks_for_gpus() -> None:
    """It may be a library of something else, so it is a smaller matter."""
    (finding,) = flags(JaxOnCpu, *collect_cuda(jax(plugin=""), env=ENV))
    assert finding.message.endswith("has no CUDA plugin, and the config asks for GPUs")
    assert finding.severity is Severity.MEDIUM


def test_flags_unequal_versions() -> None:
    """The plugin is passed over."""
    (finding,) = flags(JaxOnCpu, *collect_cuda([*jax(plugin="0.5.3"), *wheels()]))
    assert finding.message.endswith(
        "is made up of unequal versions, so that its plugin is not used: jax-cuda12-pjrt 0.5.3, jax-cuda12-plugin "
        "0.5.3 and jaxlib 0.6.0"
    )


def test_flags_a_plugin_without_libraries() -> None:
    """They come with the extra."""
    (finding,) = flags(JaxOnCpu, *collect_cuda(jax()))
    assert finding.message.endswith("needs CUDA 12 and cuDNN 9 for its plugin, which the image does not have")


def test_ignores_what_fits() -> None:
    """And JAX for the CPU in an image that asks for none."""
    ignores(JaxOnCpu, *collect_cuda([*jax(), *wheels()], env=ENV))
    ignores(JaxOnCpu, *collect_cuda(jax(plugin="")))
