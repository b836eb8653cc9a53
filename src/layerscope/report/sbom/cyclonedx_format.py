"""The CycloneDX format, version 1.6 in JSON: https://cyclonedx.org/docs/1.6/json/."""

import json
from typing import Any

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from layerscope import __version__
from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.fingerprint import hash_words
from layerscope.report.format import Format
from layerscope.report.json_text import encode_json
from layerscope.report.sbom.found_packages import FoundPackage, find_packages
from layerscope.report.sbom.subject import (
    find_digest,
    find_time,
    iter_properties,
    make_image_purl,
    make_serial,
    tell_name,
)

PREFIX = "layerscope:"
"""How our names of properties begin: https://github.com/CycloneDX/cyclonedx-property-taxonomy"""


class CycloneDxFormat(Format):
    """For what reads bills of materials; the library writes it, sorted."""

    name = "cyclonedx"
    suffix = ".cdx.json"

    def render(self, result: AuditResult, context: RenderContext) -> str:  # noqa: ARG002 - a bill is the same for all
        """Return the image as the main component, and a component for each package."""
        bom = build_bom(result)
        # it would write down of each component that it depends on nothing, which is not known, and take n * n steps
        bom.validate = lambda: True  # type: ignore[method-assign] # the library has no switch for it
        document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
        if result.image.config.created is None:
            del document["metadata"]["timestamp"]
        return encode_json(document)


def build_bom(result: AuditResult) -> Bom:
    """The bill as the library's own value."""
    packages = find_packages(result)
    components = [_build_component(package, result) for package in packages]
    image = _build_image(result)
    metadata = BomMetaData(component=image, timestamp=find_time(result), tools=_build_tools())
    serial = make_serial("cyclonedx", result, hash_words(*(repr(package) for package in packages)))
    return Bom(components=components, metadata=metadata, serial_number=serial)


def _build_tools() -> ToolRepository:
    return ToolRepository(
        components=[Component(name="layerscope", version=__version__, type=ComponentType.APPLICATION)]
    )


def _build_image(result: AuditResult) -> Component:
    digest, purl = find_digest(result), make_image_purl(result)
    return Component(
        type=ComponentType.CONTAINER,
        bom_ref="image",
        name=tell_name(result),
        version=str(digest),
        purl=PackageURL.from_string(purl) if purl else None,
        properties=[Property(name=f"{PREFIX}{name}", value=value) for name, value in iter_properties(result)],
    )


def _build_component(package: FoundPackage, result: AuditResult) -> Component:
    layer = result.layers[package.layer] if package.layer < len(result.layers) else None
    told = [("kind", package.kind), ("path", package.path), ("layer", str(package.layer)), *package.details]
    if layer is not None:
        told.append(("layer-diff-id", str(layer.diff_id)))
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.kind}-{hash_words(*package.identity)}",
        group=package.group or None,
        name=package.name,
        version=package.version or None,
        purl=PackageURL.from_string(package.purl) if package.purl else None,
        properties=[Property(name=f"{PREFIX}{name}", value=value) for name, value in told],
    )
