"""ELF002 missing-symbol-version: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from layerscope.rules.elf.missing_symbol_version import MissingSymbolVersion
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import ACTIVE, CONFIGURATION, MODULE, SITE, VERSION, place, reach


def test_flags_a_library_that_is_too_old() -> None:
    """Required, found and by which step."""
    (finding,) = flags(MissingSymbolVersion, VERSION)
    assert finding.message == (
        f"Import torch (/{MODULE}) fails: _C.abi3.so requires GLIBCXX_3.4.32, and the loader finds "
        "/usr/lib/libstdc++.so.6 by ld.so.cache in layer 0 (ADD base /), whose newest is GLIBCXX_3.4.30"
    )
    assert finding.severity is Severity.HIGH
    assert len(finding.locations) == 2


def test_names_the_copy_that_should_win() -> None:
    """Or the folder that should not."""
    (finding,) = flags(MissingSymbolVersion, replace(VERSION, better=("opt/conda/lib/libstdc++.so.6",)))
    assert "/opt/conda/lib/libstdc++.so.6 has it and is not chosen" in finding.message
    assert "echo /opt/conda/lib" in finding.fixes[0].steps[0]
    shadow = replace(VERSION, step=SearchStep.LIBRARY_PATH, provider=place("opt/old/libstdc++.so.6"))
    (finding,) = flags(MissingSymbolVersion, shadow, CONFIGURATION)
    assert finding.fixes[0].steps[0] == "ENV LD_LIBRARY_PATH=/opt/lib"


def test_ignores_glibcs_own_versions() -> None:
    """They are ELF003's matter."""
    ignores(MissingSymbolVersion, replace(VERSION, versions=("GLIBC_2.38",), library="libc.so.6"))


def test_tells_all_that_one_library_fails_at_once() -> None:
    """With the versions that any of them needs, and the harm of the worst."""
    old = replace(VERSION, step=SearchStep.LIBRARY_PATH, provider=place("opt/old/libstdc++.so.6", 2, "COPY old /opt"))
    numpy = f"{SITE}/numpy/_core/_multiarray_umath.so"
    program = reach("usr/bin/apt", RootKind.PROGRAM)
    (finding,) = flags(
        MissingSymbolVersion,
        replace(old, place=place("usr/bin/apt"), reach=program, versions=("GLIBCXX_3.4.9", "GLIBCXX_3.4.29")),
        replace(old, place=place(numpy), reach=reach(numpy, package="numpy")),
        replace(old, place=place("a/libtorch.so")),
        old,
        ACTIVE,
    )
    assert finding.message == (
        "/opt/old/libstdc++.so.6 of layer 2 (COPY old /opt), which LD_LIBRARY_PATH puts first, lacks GLIBCXX_3.4.32, "
        "GLIBCXX_3.4.29 and GLIBCXX_3.4.9 that import torch, import numpy and /usr/bin/apt need (4 objects)"
    )
    assert finding.severity is Severity.CRITICAL
    assert [location.path for location in finding.locations][:1] == ["opt/old/libstdc++.so.6"]
    assert len(flags(MissingSymbolVersion, old, VERSION)) == 2
