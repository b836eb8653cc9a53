"""The SPDX format, version 2.3 in JSON: https://spdx.github.io/spdx-spec/v2.3/."""

from typing import Any, Final

from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)

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

DOCUMENT: Final = "SPDXRef-DOCUMENT"
IMAGE: Final = "SPDXRef-Image"


class SpdxFormat(Format):
    """For what reads bills of materials; licences are not looked for, and said to be unknown."""

    name = "spdx"
    suffix = ".spdx.json"

    def render(self, result: AuditResult, context: RenderContext) -> str:  # noqa: ARG002 - a bill is the same for all
        """Return the image, which the document describes, and a package for each that it contains."""
        document: dict[str, Any] = DocumentConverter().convert(build_document(result))
        return encode_json(document)


def build_document(result: AuditResult) -> Document:
    """The bill as the library's own value."""
    packages = find_packages(result)
    built = [_build_package(package, result) for package in packages]
    contained = [Relationship(IMAGE, RelationshipType.CONTAINS, each.spdx_id) for each in built]
    described = Relationship(DOCUMENT, RelationshipType.DESCRIBES, IMAGE)
    return Document(
        _build_creation(result, packages), [_build_image(result), *built], relationships=[described, *contained]
    )


def _build_creation(result: AuditResult, packages: list[FoundPackage]) -> CreationInfo:
    serial = make_serial("spdx", result, hash_words(*(repr(package) for package in packages)))
    return CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=DOCUMENT,
        name=tell_name(result),
        document_namespace=serial.urn,
        creators=[Actor(ActorType.TOOL, f"layerscope-{__version__}")],
        created=find_time(result),
        document_comment="\n".join(f"{name}: {value}" for name, value in iter_properties(result)),
    )


def _build_image(result: AuditResult) -> Package:
    return _build(IMAGE, tell_name(result), str(find_digest(result)), make_image_purl(result), PackagePurpose.CONTAINER)


def _build_package(package: FoundPackage, result: AuditResult) -> Package:
    layer = result.layers[package.layer] if package.layer < len(result.layers) else None
    where = f"layer {package.layer}" + (f" ({layer.diff_id})" if layer is not None else "")
    told = [("kind", package.kind), *package.details]
    name = f"{package.group}{':' if package.kind == 'maven' else '/'}{package.name}" if package.group else package.name
    built = _build(
        f"SPDXRef-Package-{package.kind}-{hash_words(*package.identity)}", name, package.version, package.purl,
        PackagePurpose.LIBRARY,
    )  # fmt: skip
    built.source_info = f"{package.path} in {where}"
    built.comment = "\n".join(f"{key}: {value}" for key, value in told)
    return built


def _build(spdx_id: str, name: str, version: str, purl: str, purpose: PackagePurpose) -> Package:
    references = [ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", purl)] if purl else []
    return Package(
        spdx_id=spdx_id,
        name=name,
        download_location=SpdxNoAssertion(),
        version=version or None,
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        license_declared=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        external_references=references,
        primary_package_purpose=purpose,
    )
