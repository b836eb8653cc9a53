"""Files of the driver are told by name and place."""

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileCollector, DriverFileKind
from support.contexts import collect
from support.cuda_images import cuda_context, sized
from support.elf_writer import ElfPlan, write_elf
from support.tar_member import TarMember, file, symlink

SYSTEM = "usr/lib/x86_64-linux-gnu"
STUBS = "usr/local/cuda/lib64/stubs"


def find(*members: TarMember, env: tuple[str, ...] = ()) -> list[DriverFile]:
    """The driver files of an image."""
    return list(collect(DriverFileCollector, cuda_context(members, env=env)).of(DriverFile))


def test_a_baked_driver_is_told_with_its_version() -> None:
    """Links to it too, and programs."""
    files = find(
        sized(f"{SYSTEM}/libcuda.so.535.183.01"),
        symlink(f"{SYSTEM}/libcuda.so.1", "libcuda.so.535.183.01"),
        sized("usr/bin/nvidia-smi"),
        sized(f"{SYSTEM}/libcudart.so.12"),
        sized(f"{SYSTEM}/libnvidia-container.so.1"),
    )
    assert [(each.kind, each.name, each.version, each.target) for each in files] == [
        (DriverFileKind.LIBRARY, "libcuda.so.1", "1", f"{SYSTEM}/libcuda.so.535.183.01"),
        (DriverFileKind.LIBRARY, "libcuda.so.535.183.01", "535.183.01", ""),
        (DriverFileKind.PROGRAM, "nvidia-smi", "", ""),
    ]


def test_a_driver_library_under_the_name_of_a_link_is_told_with_its_version() -> None:
    """A copy from a host has it in its content alone."""
    content = write_elf(ElfPlan()) + b"\0libnvidia-pkcs11.so.535.261.03\0"
    (found,) = find(file(f"{SYSTEM}/libcuda.so.1", content))
    assert (found.name, found.version) == ("libcuda.so.1", "535.261.03")


def test_stubs_and_compatibility_libraries_are_kinds_of_their_own() -> None:
    """By their folders, or by where their links lead; a search path is named."""
    files = find(
        sized(f"{STUBS}/libcuda.so"),
        symlink(f"{SYSTEM}/libcuda.so", f"/{STUBS}/libcuda.so"),
        sized("usr/local/cuda-12.4/compat/libcuda.so.550.54.15"),
        file("etc/ld.so.conf.d/compat.conf", b"/usr/local/cuda-12.4/compat\n"),
        env=(f"LD_LIBRARY_PATH=/{STUBS}",),
    )
    assert [(each.kind, each.name, each.search) for each in files] == [
        (DriverFileKind.STUB, "libcuda.so", ""),
        (DriverFileKind.COMPAT, "libcuda.so.550.54.15", "/etc/ld.so.conf.d/compat.conf"),
        (DriverFileKind.STUB, "libcuda.so", "LD_LIBRARY_PATH"),
    ]


def test_a_compatibility_library_says_what_it_works_with() -> None:
    """By its note; one that holds nonsense says nothing."""
    note = '{"Format":1,"CUDA Version":"13.1","Driver":[535,550,590],"Device":[1,2]}'
    path = "usr/local/cuda-13.1/compat/libcuda.so.590.44.01"
    told = []
    for text in (note, '{"CUDA Version":13,"Driver":["x",true,-1]}', "[" * 5000):
        (found,) = find(file(path, write_elf(ElfPlan(forward_compatibility=text))))
        told.append((found.kind, found.cuda, found.branches))
    assert told == [
        (DriverFileKind.COMPAT, "13.1", (535, 550, 590)),
        (DriverFileKind.COMPAT, "", ()),
        (DriverFileKind.COMPAT, "", ()),
    ]


def test_parts_of_the_container_toolkit_are_told() -> None:
    """They are programs of the host."""
    assert [each.kind for each in find(sized("usr/bin/nvidia-ctk"))] == [DriverFileKind.RUNTIME]


def test_a_copy_that_auditwheel_made_is_told() -> None:
    """Its hash does not hide it."""
    assert [each.name for each in find(sized("s/x.libs/libcuda-0a1b2c3d.so.1"))] == ["libcuda-0a1b2c3d.so.1"]
