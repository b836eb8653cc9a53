"""ELF011 preloaded-library-missing: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.loader_configuration import Preload
from layerscope.rules.elf.preloaded_library_missing import PreloadedLibraryMissing
from support.cases import flags, ignores
from support.elf_facts import CONFIGURATION
from support.sample_facts import DAMAGED

MISSING = replace(
    CONFIGURATION,
    preloads=(Preload("/usr/lib/libjemalloc.so.2", "LD_PRELOAD", None), Preload("libt.so", "/etc/ld.so.preload", None)),
)


def test_flags_variable_and_file() -> None:
    """Each with its place and its cure."""
    variable, listed = flags(PreloadedLibraryMissing, MISSING)
    assert variable.message == (
        "LD_PRELOAD (ENV LD_PRELOAD=…) names /usr/lib/libjemalloc.so.2, which is not in the image: "
        "every program says so"
    )
    assert variable.fixes[0].steps[0].endswith("libjemalloc2")
    assert listed.locations[0].path == "etc/ld.so.preload"


def test_ignores_what_is_there() -> None:
    """Nothing is said where a layer could not be read."""
    ignores(PreloadedLibraryMissing, CONFIGURATION)
    ignores(PreloadedLibraryMissing, DAMAGED, MISSING)
