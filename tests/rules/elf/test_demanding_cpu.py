"""ELF021 demanding-cpu: what it flags and what it lets pass."""

from typing import Final

from msgspec.structs import replace

from layerscope.facts.elf.inventory import ElfInventory
from layerscope.facts.elf.object_hazards import DemandingObjects
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.demanding_cpu import DemandingCpu
from layerscope.rules.severity import Severity
from support.cases import flags, ignores

OBJECTS: Final = DemandingObjects(
    Evidence(1, "app/libfast.so"), "x86-64-v4", 1, "COPY build /app", 2, ("app/libfast.so", "app/libfaster.so")
)
INVENTORY: Final = ElfInventory(Evidence(0, "bin/sh"), 2, ((62, 2),), ((3, 2),), (), 0, (), (), None)


def test_flags_objects_for_few_processors() -> None:
    """Many hosts have no AVX-512."""
    (finding,) = flags(DemandingCpu, OBJECTS)
    assert finding.message == (
        "2 objects of layer 1 (COPY build /app) need a processor of level x86-64-v4 (AVX-512: Intel servers since "
        "Skylake (2017), AMD since Zen 4 (2022)): /app/libfast.so and /app/libfaster.so"
    )
    assert finding.severity is Severity.LOW


def test_tells_the_level_that_most_have() -> None:
    """A matter of information."""
    (finding,) = flags(DemandingCpu, replace(OBJECTS, level="x86-64-v3", count=1, paths=("app/libfast.so",)))
    assert "1 object of layer 1 (COPY build /app) needs" in finding.message
    assert finding.severity is Severity.INFO


def test_ignores_images_that_ask_for_nothing() -> None:
    """Objects of lower levels make no fact."""
    ignores(DemandingCpu, INVENTORY)
