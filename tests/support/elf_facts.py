"""Facts on ELF objects as collectors give them; tests change what they are about."""

from msgspec.structs import replace

from layerscope.facts.elf.loader_configuration import LoaderConfiguration, Preload, SearchFolder
from layerscope.facts.elf.reach import Place, Reach
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.elf.undefined_symbols import UndefinedSymbols
from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion
from layerscope.facts.fact import Evidence
from support.python_facts import ENVIRONMENT

SITE = "venv/lib/python3.12/site-packages"
MODULE = f"{SITE}/torch/_C.abi3.so"


def place(path: str, layer: int = 1, instruction: str = "RUN pip install torch") -> Place:
    """An object of layer 1."""
    return Place(path, layer, instruction)


def reach(path: str = MODULE, kind: RootKind = RootKind.EXTENSION, *, count: int = 1, **more: object) -> Reach:
    """An object that is its own root, the module of torch unless told otherwise."""
    package = "torch" if kind is RootKind.EXTENSION else ""
    fields = {"package": package, "is_variant": False, "is_central": bool(package), "chain": (path,), **more}
    return Reach(kind=kind, roots=(path,), count=count, **fields)  # type: ignore[arg-type] # by name


ACTIVE = replace(ENVIRONMENT, sites=(SITE,))

NEED = UnmetNeed(
    evidence=Evidence(1, MODULE, "libx.so.1"),
    place=place(MODULE),
    needed="libx.so.1",
    reach=reach(),
    unusable=None,
    elsewhere=(),
    is_bundled=False,
    is_uncached=False,
    removed_by=None,
    removed_path="",
    removed_instruction="",
    failing=1,
    modules=1,
)

VERSION = UnmetSymbolVersion(
    evidence=Evidence(1, MODULE, "GLIBCXX_3.4.32"),
    place=place(MODULE),
    library="libstdc++.so.6",
    versions=("GLIBCXX_3.4.32",),
    newest="GLIBCXX_3.4.30",
    provider=place("usr/lib/libstdc++.so.6", 0, "ADD base /"),
    step=SearchStep.CACHE,
    reach=reach(),
    better=(),
)

SYMBOLS = UndefinedSymbols(
    evidence=Evidence(1, MODULE, "x"),
    place=place(MODULE),
    count=1,
    names=("x",),
    libraries=(),
    reach=reach(),
    is_glibc_on_musl=False,
)

SHADOW = ShadowedLibrary(
    evidence=Evidence(2, "opt/old/liba.so", "/opt/old"),
    name="liba.so",
    winner=place("opt/old/liba.so", 2, "COPY old /opt/old"),
    shadowed=place(f"{SITE}/a/liba.so"),
    step=SearchStep.RUNPATH,
    folder="/opt/old",
    example=place(MODULE),
    reach=reach(),
    objects=1,
    is_same=False,
    versions=(),
)

CONFIGURATION = LoaderConfiguration(
    evidence=Evidence(0, "lib64/ld-linux-x86-64.so.2"),
    kind="glibc",
    interpreter="/lib64/ld-linux-x86-64.so.2",
    interpreter_path="lib64/ld-linux-x86-64.so.2",
    working_directory="/app",
    library_path=(SearchFolder("/opt/old", "opt/old", 2, None, 3), SearchFolder("/opt/lib", "opt/lib", 1, None, 3)),
    library_path_step="ENV LD_LIBRARY_PATH=…",
    preloads=(Preload("libj.so", "LD_PRELOAD", "usr/lib/libj.so"),),
    preload_step="ENV LD_PRELOAD=…",
    cached=90,
    conf_folders=(),
    default_folders=(),
)
