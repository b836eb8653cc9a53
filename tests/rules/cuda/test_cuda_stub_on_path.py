"""CUDA032 cuda-stub-on-path: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.loader_configuration import SearchFolder
from layerscope.rules.cuda.cuda_stub_on_path import CudaStubOnPath
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, sized
from support.elf_facts import CONFIGURATION
from support.tar_member import file, symlink

STUBS = "usr/local/cuda/lib64/stubs"
STUB = sized(f"{STUBS}/libcuda.so")
LINK = symlink(f"{STUBS}/libcuda.so.1", "libcuda.so")
ENV = [f"LD_LIBRARY_PATH=/{STUBS}:/usr/local/cuda/lib64"]


def test_flags_a_stub_that_programs_load() -> None:
    """They ask for libcuda.so.1."""
    (finding,) = flags(CudaStubOnPath, *collect_cuda([STUB, LINK], env=ENV))
    assert finding.message == (
        "/usr/local/cuda/lib64/stubs is on LD_LIBRARY_PATH, and its libcuda.so.1 is a stub of the driver"
    )
    assert finding.severity is Severity.CRITICAL


def test_names_the_entry_as_the_variable_has_it() -> None:
    """Not where a link leads; the cure is the whole line that is left."""
    real = "usr/local/cuda-12.4/lib64/stubs"
    folders = (SearchFolder(f"/{STUBS}", real, 0), SearchFolder("/gone", None), SearchFolder("/opt/lib", "opt/lib", 0))
    stubs = [sized(f"{real}/libcuda.so"), symlink(f"{real}/libcuda.so.1", "libcuda.so")]
    link = symlink("usr/local/cuda", "cuda-12.4")
    facts = collect_cuda([*stubs, link], env=[f"LD_LIBRARY_PATH=/{STUBS}:/gone:/opt/lib"])
    (finding,) = flags(CudaStubOnPath, *facts, replace(CONFIGURATION, library_path=folders))
    assert finding.message.startswith(f"/{STUBS} is on LD_LIBRARY_PATH")
    assert finding.fixes[0].title == f"Take /{STUBS} out of LD_LIBRARY_PATH"
    assert finding.fixes[0].steps[0] == "ENV LD_LIBRARY_PATH=/opt/lib"


def test_flags_lesser_ones() -> None:
    """A folder of ldconfig comes after the driver; a name without its number is rarely asked for."""
    conf = file("etc/ld.so.conf.d/stubs.conf", f"/{STUBS}\n".encode())
    (finding,) = flags(CudaStubOnPath, *collect_cuda([STUB, LINK, conf]))
    assert finding.severity is Severity.HIGH
    (finding,) = flags(CudaStubOnPath, *collect_cuda([STUB], env=ENV))
    assert finding.severity is Severity.MEDIUM


def test_ignores_stubs_off_the_path() -> None:
    """Linkers are told where they lie."""
    ignores(CudaStubOnPath, *collect_cuda([STUB, LINK], env=[f"LIBRARY_PATH=/{STUBS}"]))
