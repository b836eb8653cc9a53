"""The sign of a layer: proved, damaged, or not proved."""

from layerscope.audit.result import AuditedLayer
from layerscope.report.theme import Symbols


def mark_layer(layer: AuditedLayer, symbols: Symbols) -> tuple[str, str]:
    """The sign of a layer and its style."""
    if layer.verified:
        return symbols.good, "good"
    return (symbols.bad, "bad") if is_damaged(layer) else (symbols.doubt, "doubt")


def is_damaged(layer: AuditedLayer) -> bool:
    """Whether the layer was read, and its bytes are others or cannot be read; false where they were not here."""
    scan = layer.scan
    return not layer.verified and scan is not None and (scan.damage is not None or scan.diff_id is not None)
