"""CUDA034 missing-triton-compiler: what it flags and what it lets pass."""

from layerscope.rules.cuda.missing_triton_compiler import MissingTritonCompiler
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, installed, torch
from support.sample_facts import DAMAGED
from support.tar_member import file

TRITON = [*torch(), installed("triton", "3.2.0")]
COMPILER = file("usr/bin/gcc", b"\x7fELF", mode=0o755)
HEADERS = file("usr/include/python3.12/Python.h")


def test_flags_triton_without_compiler_and_headers() -> None:
    """torch.compile fails; what serves by Triton's kernels fails always."""
    (finding,) = flags(MissingTritonCompiler, *collect_cuda(TRITON))
    assert finding.message == (
        "triton 3.2.0 in /usr/lib/python3.12/site-packages compiles launchers while the program runs (torch.compile "
        "calls it), and the image has no C compiler and no headers of python3.12"
    )
    assert finding.severity is Severity.MEDIUM
    (finding,) = flags(MissingTritonCompiler, *collect_cuda([*TRITON, installed("vllm", "0.8.5")]))
    assert finding.severity is Severity.HIGH


def test_flags_missing_headers_alone() -> None:
    """The compiler does not find Python.h."""
    (finding,) = flags(MissingTritonCompiler, *collect_cuda([*TRITON, COMPILER, installed("vllm", "0.8.5")]))
    assert finding.message.endswith("and the image has no headers of python3.12")
    assert finding.severity is Severity.MEDIUM


def test_ignores_images_that_have_both_or_need_neither() -> None:
    """A torch for the CPU does not load Triton."""
    ignores(MissingTritonCompiler, *collect_cuda([*TRITON, COMPILER, HEADERS]))
    ignores(MissingTritonCompiler, *collect_cuda([*torch(cuda=""), installed("triton", "3.2.0")]))
    ignores(MissingTritonCompiler, *collect_cuda(torch()))
    ignores(MissingTritonCompiler, DAMAGED, *collect_cuda(TRITON))
