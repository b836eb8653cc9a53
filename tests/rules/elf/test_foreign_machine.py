"""ELF014 foreign-machine: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.foreign_objects import ForeignPrograms
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.foreign_machine import ForeignMachine
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import place
from support.sample_facts import PROOF

FOREIGN = ForeignPrograms(
    Evidence(2, "opt/serve"), "arm64", "amd64", RootKind.ENTRY, 3, (place("opt/serve", 2, "COPY serve /opt/"),)
)


def test_flags_an_entrypoint_for_another_machine() -> None:
    """The container does not start."""
    (finding,) = flags(ForeignMachine, FOREIGN)
    assert finding.message == (
        "The entrypoint /opt/serve and 2 others (from layer 2 (COPY serve /opt/)) are compiled for arm64, and the "
        "image is for amd64: exec format error"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.fixes[0].steps[0] == "docker build --platform linux/amd64 ."


def test_programs_that_nothing_starts_weigh_less() -> None:
    """On the PATH, and off it."""
    (program,) = flags(ForeignMachine, replace(FOREIGN, kind=RootKind.PROGRAM, programs=1))
    assert program.severity is Severity.MEDIUM
    (helper,) = flags(ForeignMachine, replace(FOREIGN, kind=RootKind.OTHER_PROGRAM))
    assert helper.severity is Severity.INFO


def test_ignores_an_image_of_one_machine() -> None:
    """There is no fact then."""
    ignores(ForeignMachine, PROOF)
