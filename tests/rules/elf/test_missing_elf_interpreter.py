"""ELF013 missing-elf-interpreter: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.foreign_objects import MissingLoader
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.missing_elf_interpreter import MissingElfInterpreter
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import place
from support.sample_facts import DAMAGED, PROOF

LOADER = "/lib64/ld-linux-x86-64.so.2"
MISSING = MissingLoader(
    Evidence(1, "app/serve"), LOADER, RootKind.ENTRY, 3, (place("app/serve", 1, "COPY serve /app/"),), removed_by=None
)


def test_flags_programs_whose_loader_is_missing() -> None:
    """The entrypoint is worst."""
    (finding,) = flags(MissingElfInterpreter, MISSING)
    assert finding.message == (
        f"The entrypoint /app/serve and 2 others (from layer 1 (COPY serve /app/)) need the loader {LOADER}, "
        "which is not in the image: the kernel will say that the program is not there"
    )
    assert finding.severity is Severity.CRITICAL
    (finding,) = flags(MissingElfInterpreter, replace(MISSING, kind=RootKind.OTHER_PROGRAM, programs=1, removed_by=2))
    assert "The program /app/serve (from" in finding.message
    assert "which layer 2 removed" in finding.message
    assert finding.severity is Severity.LOW


def test_ignores_images_where_it_is_there_or_may_be() -> None:
    """It may lie in a layer that could not be read."""
    ignores(MissingElfInterpreter, PROOF)
    ignores(MissingElfInterpreter, DAMAGED, MISSING)
