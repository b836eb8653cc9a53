"""ELF005 shadowed-library: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.search_step import SearchStep
from layerscope.rules.elf.shadowed_library import ShadowedLibrary
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import CONFIGURATION, MODULE, SHADOW, SITE, SYMBOLS, VERSION, place
from support.sample_facts import DAMAGED


def test_flags_a_library_in_place_of_an_objects_own() -> None:
    """Who wins over whom."""
    (finding,) = flags(ShadowedLibrary, SHADOW, CONFIGURATION)
    assert finding.message == (
        "LD_LIBRARY_PATH (ENV LD_LIBRARY_PATH=…) puts liba.so of /opt/old (layer 2 (COPY old /opt/old)) in place of "
        f"what the object's own RUNPATH leads to: /{MODULE} gets /opt/old/liba.so and not /{SITE}/a/liba.so"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.fixes[0].steps[0] == "ENV LD_LIBRARY_PATH=/opt/lib"


def test_a_systems_library_weighs_less() -> None:
    """It may be meant so; what the winner lacks is told."""
    (finding,) = flags(ShadowedLibrary, replace(SHADOW, step=SearchStep.CACHE, versions=("A_2",)))
    assert finding.severity is Severity.LOW
    assert finding.message.endswith("; the one it gets lacks A_2")


def test_ignores_a_copy_that_is_equal() -> None:
    """Nothing changes by it."""
    ignores(ShadowedLibrary, replace(SHADOW, is_same=True))


def test_leaves_libraries_to_the_rules_that_tell_what_fails_with_them() -> None:
    """By symbols or by versions that the winner lacks."""
    winner = place("opt/old/liba.so")
    ignores(ShadowedLibrary, SHADOW, replace(SYMBOLS, libraries=(winner,)))
    ignores(ShadowedLibrary, SHADOW, replace(VERSION, provider=winner))
    flags(ShadowedLibrary, SHADOW, replace(VERSION, provider=place("opt/old/libb.so")))
    flags(ShadowedLibrary, SHADOW, replace(SYMBOLS, libraries=(winner,)), DAMAGED)
