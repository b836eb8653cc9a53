"""What is wrong with the bytes of damaged layers: that they are others, or that no tar can be read from them."""

from enum import StrEnum

from layerscope.audit.result import INTEGRITY_CODES, AuditedLayer, AuditResult
from layerscope.layers.scan import DamageKind

SIZE_CODE = "LAY003"
"""The finding that a layer has another size than the manifest claims, which alone says nothing of its digest."""
READING_CODE = "LAY004"
"""The finding that a layer cannot be read to its end; the others of damage are about digests."""


class Flaw(StrEnum):
    """What damaged layers have in common."""

    DIFFERENT = "different"
    """Their bytes are not what their digests say."""
    MISSIZED = "missized"
    """They have other sizes than the manifest claims, and nothing is known against their digests."""
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
    Flaw.MISSIZED: ("is not of the size that its manifest claims", "are not of the sizes that their manifest claims"),
    Flaw.MISBUILT: (
        "is what its digest says, yet cannot be read to its end",
        "are what their digests say, yet cannot be read to their end",
    ),
    Flaw.UNREADABLE: ("cannot be read to its end", "cannot be read to their end"),
    Flaw.LIMITED: ("is beyond a limit and not read to the end", "are beyond a limit and not read to the end"),
    Flaw.MIXED: ("", "are not what the image says of them, or cannot be read to their end"),
}
"""What to say of one layer, and of several."""

IMAGE = {
    Flaw.DIFFERENT: "is not what its digests say",
    Flaw.MISSIZED: "is not of the sizes that its manifest claims",
    Flaw.MISBUILT: "is what its digests say, yet cannot be read to its end",
    Flaw.UNREADABLE: "cannot be read to its end",
    Flaw.LIMITED: "is beyond a limit and not read to the end",
    Flaw.MIXED: "is not what it says of its layers, or cannot be read to its end",
}
"""What to say of the image as a whole."""


def list_damaged(result: AuditResult) -> list[int]:
    """The layers that a finding about damage names."""
    findings = (finding for finding in result.findings if finding.code in INTEGRITY_CODES)
    return sorted({place.layer for finding in findings for place in finding.locations if place.layer is not None})


def find_flaw(result: AuditResult) -> Flaw:
    """What is wrong with an image that is not intact."""
    codes: dict[int, set[str]] = {}
    for finding in result.findings:
        if finding.code in INTEGRITY_CODES:
            for place in finding.locations:
                if place.layer is not None:
                    codes.setdefault(place.layer, set()).add(finding.code)
    flaws = {_find_flaw(result.layers[number], found) for number, found in codes.items()}
    if len(flaws) > 1:
        return Flaw.MIXED
    return flaws.pop() if flaws else Flaw.DIFFERENT


def _find_flaw(layer: AuditedLayer, codes: set[str]) -> Flaw:
    """What is wrong with a layer of which there are findings of these codes."""
    if codes - {SIZE_CODE, READING_CODE}:
        return Flaw.DIFFERENT
    flaw = _find_reading_flaw(layer) if READING_CODE in codes else Flaw.MISSIZED
    return Flaw.MISSIZED if flaw is Flaw.LIMITED and SIZE_CODE in codes else flaw


def _find_reading_flaw(layer: AuditedLayer) -> Flaw:
    """What is wrong with a layer that cannot be read to its end, and of which no finding says that it differs."""
    scan = layer.scan
    if scan is None or scan.damage is None:
        return Flaw.UNREADABLE
    if scan.damage.kind is DamageKind.LIMIT:
        return Flaw.LIMITED
    if scan.diff_id is not None and scan.diff_id != layer.diff_id:
        return Flaw.DIFFERENT
    return Flaw.MISBUILT if layer.has_claimed_bytes else Flaw.UNREADABLE
