"""ELF004 undefined-symbol: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.rules.elf.undefined_symbol import UndefinedSymbol
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.elf_facts import ACTIVE, CONFIGURATION, MODULE, SHADOW, SITE, SYMBOLS, VERSION, place, reach
from support.gpu_facts import torch as torch_for
from support.sample_facts import DAMAGED

NEW = "_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
OLD = "_ZN3c105ErrorC2ENS_14SourceLocationESs"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (NEW, "it was built for another torch than the one here, and with the new std::string ABI"),
        (OLD, "it was built for another torch than the one here, and with the old std::string ABI"),
        ("_ZNK2at10TensorBase8data_ptrEv", "it was built for another torch than the one here"),
        ("PyUnicode_InternInPlace", "it was built for another Python"),
        ("__nvJitLinkComplete_12_4", "the library it gets is older than 12.4"),
        ("somebody_else", "it was built against other versions of its libraries"),
    ],
)
def test_flags_with_what_the_name_tells(name: str, reason: str) -> None:
    """Whose symbol it is, and which build would fit."""
    (finding,) = flags(UndefinedSymbol, replace(SYMBOLS, names=(name,)))
    assert finding.message == (
        f"Import torch (/{MODULE}) fails: /{MODULE} needs 1 symbol that nothing defines ({name}); {reason}"
    )
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.MEDIUM)


def test_blames_the_library_that_was_put_in_front() -> None:
    """With the variable as it should be."""
    symbols = replace(SYMBOLS, libraries=(place("lib/libc.so.6"), place("opt/old/liba.so")))
    (finding,) = flags(UndefinedSymbol, symbols, SHADOW, CONFIGURATION, ACTIVE)
    assert "it gets /opt/old/liba.so of layer 2 (COPY old /opt/old) by LD_LIBRARY_PATH (ENV LD_" in finding.message
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.HIGH)
    assert finding.fixes[0].steps[0] == "ENV LD_LIBRARY_PATH=/opt/lib"
    assert [location.layer for location in finding.locations] == [2, 1]
    (other,) = flags(UndefinedSymbol, symbols, SHADOW, CONFIGURATION)
    assert other.severity is Severity.HIGH


def test_tells_of_all_that_one_library_in_front_breaks_at_once() -> None:
    """Those with most harm by name, the others by number."""
    symbols = replace(SYMBOLS, libraries=(place("opt/old/liba.so"),))
    other = replace(symbols, place=place("a/b.so"), reach=reach("a/b.so", is_central=False))
    (finding,) = flags(UndefinedSymbol, other, symbols, SHADOW, CONFIGURATION)
    assert finding.message.startswith(f"Import torch (/{MODULE}) fails: /{MODULE} needs")
    assert finding.message.endswith("; 1 other object lacks symbols for the same reason")


def test_counts_the_symbols_that_it_does_not_name() -> None:
    """The fact lists ten at most."""
    (finding,) = flags(UndefinedSymbol, replace(SYMBOLS, count=300, names=tuple("abcdefghij")))
    assert "needs 300 symbols that nothing defines (a, b, c and 297 more)" in finding.message


def test_leaves_objects_that_lack_a_version_to_the_rule_on_versions() -> None:
    """The loader refuses them; what another library in front lacks is told all the same."""
    symbols = replace(SYMBOLS, libraries=(VERSION.provider,))
    ignores(UndefinedSymbol, symbols, VERSION)
    ignores(UndefinedSymbol, symbols, VERSION, replace(SHADOW, winner=VERSION.provider))
    flags(UndefinedSymbol, replace(symbols, libraries=(SHADOW.winner,)), VERSION, SHADOW)


def test_ignores_what_another_rule_tells() -> None:
    """Objects for another C library; and all, where a layer could not be read."""
    ignores(UndefinedSymbol, replace(SYMBOLS, is_glibc_on_musl=True))
    ignores(UndefinedSymbol, DAMAGED, SYMBOLS)


def test_leaves_extensions_for_another_torch_to_the_rule_that_knows_both_versions() -> None:
    """The symbols are how that fault shows; other packages and symbols have faults of their own."""
    flash = replace(torch_for("12.8", "2.8.0"), name="flash-attn", version="2.7.4", environment=SITE, torch="==2.5.*")
    torch = replace(torch_for("12.8", "2.8.0"), environment=SITE)
    path = f"{SITE}/flash_attn_2_cuda.cpython-312-x86_64-linux-gnu.so"
    symbols = replace(SYMBOLS, names=(NEW,), place=place(path), reach=reach(path, package="flash_attn_2_cuda"))
    ignores(UndefinedSymbol, symbols, flash, torch)
    flags(UndefinedSymbol, symbols, replace(flash, torch="==2.8.*"), torch)
    flags(UndefinedSymbol, replace(symbols, names=("somebody_else",)), flash, torch)
