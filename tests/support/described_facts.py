"""Facts of all families about one small image, for tests of how they are drawn."""

from datetime import date

from layerscope.facts.cuda.compilers import BuildTools
from layerscope.facts.cuda.declared import CudaDeclaration, DeclaredVariable
from layerscope.facts.cuda.device_code import CodeForm, LibraryCode
from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CopyPart, CudaCopy
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.cuda.toolkit import CudaToolkit, DevelopmentFiles
from layerscope.facts.elf.inventory import ElfInventory, SymbolVersion
from layerscope.facts.elf.libc import LibcProvided
from layerscope.facts.elf.loaded_objects import LoadedLibrary, LoadedObjects
from layerscope.facts.elf.loader_configuration import LoaderConfiguration, Preload, SearchFolder
from layerscope.facts.elf.reach import Place
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.unmet_needs import UnmetNeed, UnreachedNeed
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.requirements import Requirements, Unmet
from layerscope.facts.system.accounts import Accounts
from layerscope.facts.system.distribution import DistributionRelease
from layerscope.facts.system.java import JavaArchive, JavaArchives, JavaRuntime
from layerscope.facts.system.node import NodeRuntime, NpmPackages, NpmRow
from layerscope.facts.system.openssl import OpenSslLibrary
from layerscope.facts.system.packages import SystemPackage, SystemPackages
from layerscope.facts.system.scripts import Scripts
from layerscope.facts.system.secret_files import SecretFile
from layerscope.facts.system.stack import StackLevel
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceTarget
from layerscope.formats.passwd import Group, User
from support.elf_facts import reach

SITE = "opt/venv/lib/python3.11/site-packages"
LIB = "usr/lib/x86_64-linux-gnu"
TORCH = f"{SITE}/torch/_C.cpython-311-x86_64-linux-gnu.so"
BASE = Evidence(0)
OWN = Evidence(1)


def _package(name: str, layer: int = 0, status: str = "") -> SystemPackage:
    return SystemPackage(name, "1:2.0-1", "amd64", name, layer, status)


SYSTEM: tuple[Fact, ...] = (
    DistributionRelease(
        BASE, "debian", "11", "Debian GNU/Linux 11 (bullseye)", "glibc", "2.31",
        date(2026, 8, 31), date(2026, 11, 1), True, False, "debian 13",
    ),
    SystemPackages(
        Evidence(0, "var/lib/dpkg/status"), "dpkg",
        (*(_package(f"lib{letter}") for letter in "nmlkjihgfedcba"), _package("curl", 1, "install ok half-installed")),
    ),
    OpenSslLibrary(OWN, "1.1", "opt/ssl/libssl.so.1.1", 1, False),
    NodeRuntime(OWN, "18.20.4", "usr/local/bin/node", 1, 108, True, "", date(2025, 4, 30), True),
    NpmPackages(OWN, (NpmRow("app", "1.0.0", "app", 1), NpmRow("left-pad", "1.3.0", "app/node_modules/left-pad", 1))),
    JavaRuntime(OWN, "17.0.2", 17, "Eclipse Adoptium", "opt/java", 1, False),
    JavaArchives(
        OWN, (JavaArchive("app/a.jar", 1, "g", "a", "1", 17), JavaArchive("app/a.jar!/b.jar", 1, "", "b", "1", 8))
    ),
    StackLevel(BASE, "kernel", "Linux", "3.2.0", None, "or newer, on the host: glibc 2.31 starts on nothing older"),
    StackLevel(BASE, "distribution", "debian", "11", 0, "Debian GNU/Linux 11 (bullseye)"),
    StackLevel(BASE, "libc", "glibc", "2.31", 0, "2.31-13+deb11u11"),
    StackLevel(OWN, "runtime", "Python", "3.11", 1, "/usr/local/bin/python3.11"),
    StackLevel(OWN, "application", "serve", "1.0.0", 1, "/app/serve"),
    Accounts(BASE, (User("root", 0, 0, "/root", "/bin/bash"), User("www", 33, 33, "/", "/usr/sbin/nologin")),
             (Group("root", 0, ()),)),
    Scripts(OWN, 1, "", "/bin/sh", False, True, None, 1200, ()),
    SecretFile(OWN, 1, "root/.netrc", "password", 1, 2, False, ""),
)  # fmt: skip
"""A base image, and Node.js, Java and a library of OpenSSL above it."""

ELF: tuple[Fact, ...] = (
    LoaderConfiguration(
        BASE, "glibc", "/lib64/ld-linux-x86-64.so.2", f"{LIB}/ld-linux-x86-64.so.2", "app",
        (SearchFolder("/opt/old", "opt/old", 1, None, 1), SearchFolder("/opt/gone", None, None, 2),
         SearchFolder("", "app", 1)),
        "ENV LD_LIBRARY_PATH=/opt/old:/opt/gone:", (Preload("libjemalloc.so.2", "LD_PRELOAD", None),), "", 94,
        (SearchFolder("/usr/local/lib", None),),
        (SearchFolder("/lib/x86_64-linux-gnu", LIB, 0, None, 94), SearchFolder(f"/{LIB}", LIB, 0, None, 94)),
    ),
    LibcProvided(BASE, "glibc", "2.31", f"{LIB}/libc.so.6", 0, 400),
    LoadedObjects(
        OWN, TORCH, 1, RootKind.EXTENSION, "usr/local/bin/python3.11", 4, 1,
        (
            LoadedLibrary("libtorch.so", f"{SITE}/torch/lib/libtorch.so", SearchStep.RPATH, "_C.so"),
            LoadedLibrary("libc10.so", f"{SITE}/torch/lib/libc10.so", SearchStep.RPATH, "libtorch.so"),
            LoadedLibrary("libcudnn.so.9", None, SearchStep.NOWHERE, "libtorch.so"),
            LoadedLibrary("libcuda.so.1", None, SearchStep.INJECTED, "libtorch.so"),
            LoadedLibrary("libc.so.6", f"{LIB}/libc.so.6", SearchStep.CACHE, "_C.so"),
        ),
        12,
    ),
    LoadedObjects(BASE, "usr/bin/true", 0, RootKind.PROGRAM, "", 2, 0,
                  (LoadedLibrary("libc.so.6", f"{LIB}/libc.so.6", SearchStep.DEFAULT, "true"),), 1),
    UnmetNeed(OWN, Place(f"{SITE}/torch/lib/libtorch.so", 1, ""), "libcudnn.so.9", reach(TORCH), None, (), False, False,
              2, "", "", 1, 1),
    UnreachedNeed(OWN, "libmpi.so.40", 2, Place(f"{SITE}/nvidia/nvshmem/lib/nvshmem_bootstrap_mpi.so.3", 1, "")),
    ElfInventory(
        BASE, 968, ((62, 966), (183, 2)), ((3, 967), (2, 1)), (), 2, ("opt/arm/a", "opt/arm/b"),
        (SymbolVersion("CXXABI", "1.3.11", TORCH, 1), SymbolVersion("GLIBC", "2.29", "usr/bin/true", 0)), None,
    ),
)  # fmt: skip
"""A module of PyTorch that lacks cuDNN, and a program."""


def _distribution(name: str, size: int | None, layer: int = 1, tags: tuple[str, ...] = ()) -> Distribution:
    return Distribution(OWN, name, name, "1.0", "opt/venv", SITE, layer, "", tags, size=size, installer="pip")


PYTHON: tuple[Fact, ...] = (
    PythonEnvironment(
        OWN, "virtual", "opt/venv", "usr/local/bin/python3.11", "cpython", "3.11", "3.11.9",
        "cpython-311-x86_64-linux-gnu", False, "glibc", "x86_64", (SITE,), ("usr/lib/python3/dist-packages",), True, "",
    ),
    _distribution("small", 1_200, tags=("py2-none-any", "py3-none-any")),
    _distribution("torch", 1_100_000_000, tags=("cp311-cp311-manylinux_2_28_x86_64",)),
    _distribution("old", None, 0),
    *(_distribution(f"many-{number}", 100) for number in range(10)),
    Requirements(OWN, "opt/venv", "torch", "torch", "1.0", 1, "", 5, (
        Unmet("numpy", "numpy>=2.0,<3", ">=2.0,<3", "1.26.4", "", ""), Unmet("jinja2", "jinja2", "", "", "cli", ""),
    )),
    UnloadableExtensions(OWN, "opt/venv", SITE, "yaml", "PyYAML 6.0.2", "cpython-310-x86_64-linux-gnu",
                         "cpython-311-x86_64-linux-gnu", "version", 1, (f"{SITE}/yaml/_yaml.so",), 1, ""),
)  # fmt: skip
"""One virtual environment with what does not fit in it."""


def _code(name: str, arch: int, size: int, *, is_passed_over: bool = False) -> LibraryCode:
    targets = (DeviceTarget(CodeKind.SASS, arch), DeviceTarget(CodeKind.SASS, 90, "a"), DeviceTarget(CodeKind.PTX, 90))
    return LibraryCode(
        Evidence(1, f"{SITE}/lib/{name}"), name, CodeForm.OBJECT, 9, (ContainerGroup(targets, 1_476, ""),),
        ((arch, size), (90, 7_000_000)), 5_000, is_passed_over=is_passed_over,
    )  # fmt: skip


CUDA: tuple[Fact, ...] = (
    Framework(OWN, "torch", "2.6.0+cu124", SITE, Build.CUDA, "12.4", "9.1.0.70"),
    Framework(OWN, "tensorflow", "2.18.0", SITE, Build.CPU),
    CudaCopy(OWN, CopyKind.WHEEL, f"{SITE}/nvidia", "12.4", 900_000_000, 1,
             (CopyPart("cublas", "12.4.5.8", 100_000_000), CopyPart("cudnn", "9.1.0.70", 800_000_000)), SITE, ""),
    CudaToolkit(OWN, "usr/local/cuda-12.4", "12.4.1", True, True, False, False,
                (DevelopmentFiles("static libraries", 1, 3, 2_000_000_000),), ""),
    _code("libtorch_cuda.so", 80, 400_000_000),
    _code("libold.so", 75, 3_000_000, is_passed_over=True),
    CudaDeclaration(
        Evidence(),
        (DeclaredVariable("NVIDIA_VISIBLE_DEVICES", "all", ""), DeclaredVariable("CUDA_VERSION", "12.4.1", "")),
        (("maintainer", "NVIDIA CORPORATION"),), (), "all", (), "12.4.1", True, False,
    ),
    DriverFile(Evidence(1, f"{LIB}/libcuda.so.1"), DriverFileKind.LIBRARY, "libcuda.so.1", "1", 0, "/etc/ld.so.cache",
               True, f"{LIB}/libcuda.so.535.261.03", "", (), ""),
    BuildTools(Evidence(), ("usr/bin/gcc",), ("python3.11",), "", False),
)  # fmt: skip
"""Two frameworks, a wheel's copy of CUDA, a toolkit, and a driver's library."""
