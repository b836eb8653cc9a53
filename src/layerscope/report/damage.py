"""What is wrong with the bytes of damaged layers: that they are others, or that no tar can be read from them."""

from enum import StrEnum

from layerscope.audit.result import INTEGRITY_CODES, AuditedLayer, AuditResult
from layerscope.layers.scan import DamageKind

READING_CODE = "LAY004"
"""The finding that a layer cannot be read to its end; the others of damage are about digests and sizes."""


class Flaw(StrEnum):
    """What damaged layers have in common."""

    DIFFERENT = "different"
    """Their bytes are not what their digests say."""
    MISBUILT = "misbuilt"
    """Their bytes are what their digests say, and cannot be read to their end all the same."""
    UNREADABLE = "unreadable"
    """They cannot be read to their end, and what their digests say of that is not known."""
    LIMITED = "limited"
    """A limit of layerscope's own ended their reading: nothing is known against them."""
    MIXED = "mixed"
    """Some have one flaw, some another."""


LAYERS = {
    Flaw.DIFFERENT: ("is not what its digest says", "are not what their digests say"),
    Flaw.MISBUILT: (
        "is what its digest says, yet cannot be read to its end",
        "are what their digests say, yet cannot be read to their end",
    ),
    Flaw.UNREADABLE: ("cannot be read to its end", "cannot be read to their end"),
    Flaw.LIMITED: ("is beyond a limit and not read to the end", "are beyond a limit and not read to the end"),
    Flaw.MIXED: ("", "are not what their digests say, or cannot be read to their end"),
}
"""What to say of one layer, and of several."""

IMAGE = {
    Flaw.DIFFERENT: "is not what its digests say",
    Flaw.MISBUILT: "is what its digests say, yet cannot be read to its end",
    Flaw.UNREADABLE: "cannot be read to its end",
    Flaw.LIMITED: "is beyond a limit and not read to the end",
    Flaw.MIXED: "is not what its digests say, or cannot be read to its end",
}
"""What to say of the image as a whole."""


def list_damaged(result: AuditResult) -> list[int]:
    """The layers that a finding about damage names."""
    findings = (finding for finding in result.findings if finding.code in INTEGRITY_CODES)
    return sorted({place.layer for finding in findings for place in finding.locations if place.layer is not None})


def find_flaw(result: AuditResult) -> Flaw:
    """What is wrong with an image that is not intact."""
    differing = {
        place.layer
        for finding in result.findings
        if finding.code in INTEGRITY_CODES and finding.code != READING_CODE
        for place in finding.locations
    }
    flaws = {
        Flaw.DIFFERENT if number in differing else _find_flaw(result.layers[number]) for number in list_damaged(result)
    }
    if len(flaws) > 1:
        return Flaw.MIXED
    return flaws.pop() if flaws else Flaw.DIFFERENT


def _find_flaw(layer: AuditedLayer) -> Flaw:
    """What is wrong with a layer that cannot be read to its end, and of which no finding says that it differs."""
    scan = layer.scan
    if scan is None or scan.damage is None:
        return Flaw.UNREADABLE
    if scan.damage.kind is DamageKind.LIMIT:
        return Flaw.LIMITED
    if scan.diff_id is not None and scan.diff_id != layer.diff_id:
        return Flaw.DIFFERENT
    return Flaw.MISBUILT if layer.has_claimed_bytes else Flaw.UNREADABLE
