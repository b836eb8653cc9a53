"""ELF022 truncated-object: what it flags and what it lets pass."""

from typing import Final

from msgspec.structs import replace

from layerscope.facts.elf.inventory import ElfInventory
from layerscope.facts.elf.object_hazards import CutObject
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.truncated_object import TruncatedObject
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores

CUT: Final = CutObject(Evidence(3, "lib/libx.so"), "lib/libx.so", 3, "RUN fetch", 1_500_000, 500_000, 400_000)
INVENTORY: Final = ElfInventory(Evidence(0, "bin/sh"), 2, ((62, 2),), ((3, 2),), (), 0, (), (), None)


def test_flags_what_the_loader_would_miss() -> None:
    """The process would die where it is touched."""
    (finding,) = flags(TruncatedObject, CUT)
    assert finding.message == "/lib/libx.so of layer 3 (RUN fetch) has 1.5 MB, and 500.0 kB of it are missing"
    assert (finding.severity, finding.locations[0].layer) == (Severity.CRITICAL, 3)


def test_flags_a_file_that_ends_in_its_header() -> None:
    """There is nothing to load."""
    (finding,) = flags(TruncatedObject, replace(CUT, size=20, missing=0, missing_loaded=0))
    assert finding.message == "/lib/libx.so of layer 3 (RUN fetch) ends after 20 B, inside its ELF header"
    assert finding.severity is Severity.HIGH


def test_tells_what_is_not_loaded_with_less_weight() -> None:
    """Some tools leave section headers that point nowhere."""
    (finding,) = flags(TruncatedObject, replace(CUT, missing_loaded=0))
    assert "lacks the last 500.0 kB" in finding.message
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.MEDIUM)


def test_ignores_images_with_whole_objects() -> None:
    """They make no fact."""
    ignores(TruncatedObject, INVENTORY)
