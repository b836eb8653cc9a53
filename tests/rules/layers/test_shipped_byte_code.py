"""LAY106 shipped-byte-code: what it flags and what it lets pass."""

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.byte_code import ByteCode
from layerscope.facts.layers.folders import Folder
from layerscope.rules.layers.shipped_byte_code import ShippedByteCode
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import MB, weight


def byte_code(layer: int, size: int) -> ByteCode:
    """Byte-code of one layer."""
    return ByteCode(Evidence(layer, "app"), layer, 10, size, (Folder(layer, "app", 10, size),), "RUN pip install torch")


def test_flags_byte_code_that_makes_up_much_of_the_image() -> None:
    """All layers are one finding, the largest first."""
    (finding,) = flags(ShippedByteCode, byte_code(1, 50 * MB), byte_code(2, 250 * MB), weight(1000 * MB))
    assert finding.message == (
        "Byte-code takes 300.0 MB (30% of the image) in 20 files, from layer 2 (RUN pip install torch) "
        "and layer 1 (RUN pip install torch)"
    )
    assert finding.severity is Severity.LOW
    assert [location.layer for location in finding.locations] == [2, 1]


def test_tells_a_little_byte_code_as_information() -> None:
    """It is no fault, only a choice."""
    (finding,) = flags(ShippedByteCode, byte_code(1, 2 * MB), weight(1000 * MB))
    assert finding.severity is Severity.INFO


def test_ignores_less_than_a_megabyte() -> None:
    """Nobody would rebuild for it."""
    ignores(ShippedByteCode, byte_code(1, 900_000), weight(1000 * MB))
