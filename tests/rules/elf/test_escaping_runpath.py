"""ELF012 escaping-runpath: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.unsafe_search_paths import UnsafeSearchPath
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.escaping_runpath import EscapingRunpath
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import place
from support.sample_facts import PROOF

WRITABLE = UnsafeSearchPath(
    Evidence(1, "a.so"), "RUNPATH", "/srv/open", "writable", 2, (place("a.so"),), has_privileges=False
)


def test_flags_entries_by_what_they_allow() -> None:
    """A set-uid program makes it a hole, an empty entry is a blemish."""
    (finding,) = flags(EscapingRunpath, WRITABLE)
    assert finding.message == (
        "2 objects of layer 1 (RUN pip install torch) have the RUNPATH entry /srv/open, where any user may write "
        "(such as /a.so)"
    )
    assert finding.severity is Severity.LOW
    assert flags(EscapingRunpath, replace(WRITABLE, has_privileges=True))[0].severity is Severity.HIGH
    (empty,) = flags(EscapingRunpath, replace(WRITABLE, kind="empty", entry=""))
    assert "have an empty RUNPATH entry, which is the folder that the program starts in" in empty.message
    assert empty.severity is Severity.INFO


def test_ignores_objects_without_such_entries() -> None:
    """There is no fact then."""
    ignores(EscapingRunpath, PROOF)
