"""Toolkits are found with what only building needs of them."""

from layerscope.facts.cuda.toolkit import CudaToolkit, CudaToolkitCollector
from support.contexts import collect, collect_one
from support.cuda_images import TOOLKIT, cuda_context, development, sized, toolkit
from support.tar_member import file


def test_runtime_toolkit_has_nothing_for_building() -> None:
    """Its version is the one that its version.json tells."""
    found = collect_one(CudaToolkitCollector, cuda_context(toolkit(), steps=["RUN install"]), CudaToolkit)
    assert (found.root, found.version, found.development_size) == (TOOLKIT, "12.4.1", 0)
    assert not found.has_compiler
    assert found.instruction == "RUN install"


def test_development_files_are_counted_by_kind_and_layer() -> None:
    """Libdevice is for running: compilers inside programs read it."""
    found = collect_one(CudaToolkitCollector, cuda_context(toolkit(), development()), CudaToolkit)
    assert found.has_compiler
    assert found.has_headers
    assert found.has_stubs
    assert [(item.kind, item.layer, item.files, item.size) for item in found.development] == [
        ("static libraries", 1, 1, 2_000_000),
        ("compilers and tools", 1, 2, 300_001),
        ("headers", 1, 1, 12),
        ("linker stubs", 1, 1, 5),
    ]


def test_version_of_old_toolkits_and_of_those_that_say_nothing() -> None:
    """version.txt, then the directory's name."""
    old = cuda_context([file("usr/local/cuda-10.2/version.txt", b"CUDA Version 10.2.89\n")])
    assert collect_one(CudaToolkitCollector, old, CudaToolkit).version == "10.2.89"
    silent = cuda_context([sized("usr/local/cuda-11.8/lib64/libcudart.so.11.8.89")])
    assert collect_one(CudaToolkitCollector, silent, CudaToolkit).version == "11.8"


def test_static_libraries_of_the_system_are_told_apart() -> None:
    """They have no toolkit's directory."""
    context = cuda_context([sized("usr/lib/x86_64-linux-gnu/libnccl_static.a", 7)])
    found = collect_one(CudaToolkitCollector, context, CudaToolkit)
    assert (found.root, found.development_size) == ("", 7)
    assert collect(CudaToolkitCollector, cuda_context([sized("usr/lib/libcurl.a")])).of(CudaToolkit) == ()
