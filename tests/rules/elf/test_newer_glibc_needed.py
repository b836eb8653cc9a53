"""ELF003 newer-glibc-needed: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.roots import RootKind
from layerscope.rules.elf.newer_glibc_needed import NewerGlibcNeeded
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import MODULE, VERSION, place, reach

GLIBC = replace(
    VERSION, library="libc.so.6", versions=("GLIBC_2.38",), newest="GLIBC_2.36", provider=place("lib/libc.so.6", 0)
)


def test_flags_what_needs_a_newer_glibc() -> None:
    """One finding a package, for the object that needs the newest."""
    newer = replace(GLIBC, versions=("GLIBC_2.39",), place=place("a/libb.so"))
    (finding,) = flags(NewerGlibcNeeded, GLIBC, newer)
    assert finding.message == (
        f"Import torch (/{MODULE}) fails: /a/libb.so (and 1 other object) requires GLIBC_2.39, and /lib/libc.so.6 of "
        "layer 0 (RUN pip install torch) gives GLIBC_2.36 at most"
    )
    assert finding.severity is Severity.HIGH
    assert "glibc 2.39" in finding.fixes[0].title


def test_programs_are_told_one_by_one() -> None:
    """Each is another build."""
    programs = [replace(GLIBC, reach=reach(f"usr/bin/{name}", RootKind.PROGRAM)) for name in "ab"]
    findings = flags(NewerGlibcNeeded, *programs)
    assert [finding.severity for finding in findings] == [Severity.MEDIUM, Severity.MEDIUM]


def test_ignores_other_libraries() -> None:
    """They are ELF002's matter."""
    ignores(NewerGlibcNeeded, VERSION)
