"""Whose a layer or a finding is: the base image's, or one's own."""

from collections.abc import Iterable

from layerscope.audit.result import AuditedLayer, AuditResult
from layerscope.report.json_v1 import OriginName
from layerscope.rules.finding import Finding, Location


def find_origin(layers: Iterable[AuditedLayer]) -> OriginName:
    """Whose these layers are: one's own as soon as one of them is."""
    origins = {layer.origin for layer in layers}
    if "own" in origins:
        return "own"
    return "base" if origins == {"base"} else "unknown"


def find_finding_origin(finding: Finding, result: AuditResult) -> OriginName:
    """Whose a finding is, by the layers it lies in; unknown for one that is about the config, too."""
    if any(place.layer is None and place.path is None for place in finding.locations):
        return "unknown"
    layers = (find_layer(place, result) for place in finding.locations)
    return find_origin(layer for layer in layers if layer is not None)


def find_layer(place: Location, result: AuditResult) -> AuditedLayer | None:
    """The layer of a place, if it has one."""
    return result.layers[place.layer] if place.layer is not None and place.layer < len(result.layers) else None
