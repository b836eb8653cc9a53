"""The image as the subject of a bill of materials: its name, digest and purl, and an identity without chance."""

import uuid
from datetime import UTC, datetime
from typing import Final

from packageurl import PackageURL

from layerscope.audit.result import AuditResult
from layerscope.errors import ReferenceSyntaxError
from layerscope.image.digest import Digest
from layerscope.image.reference import Reference
from layerscope.report.escape import escape_line
from layerscope.report.places import find_engine_name, tell_reference

UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a document about an image that has none: the same image gives the same bytes at any time."""


def tell_name(result: AuditResult) -> str:
    """The image's name as it was given, safe to show."""
    return escape_line(tell_reference(result.image.reference)) or "image"


def find_digest(result: AuditResult) -> Digest:
    """The digest of the manifest, or of the config where the source keeps no manifest."""
    return result.image.manifest_digest or result.image.config_digest


def find_time(result: AuditResult) -> datetime:
    """When the image was made, to the second; some builders write no time, or the first one of all."""
    created = result.image.config.created
    try:
        return created.astimezone(UTC).replace(microsecond=0) if created is not None else UNDATED
    except OverflowError:  # the first or the last day that there is, with an offset
        return UNDATED


def make_serial(kind: str, result: AuditResult, packages: str) -> uuid.UUID:
    """An identity that depends on the image and on what was found in it alone."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}\n{tell_name(result)}\n{find_digest(result)}\n{packages}")


def make_image_purl(result: AuditResult) -> str:
    """`pkg:oci/NAME@DIGEST?repository_url=…` of an image whose manifest is known by a name; else empty."""
    name, digest = find_engine_name(result.image), result.image.manifest_digest
    if not name or digest is None:
        return ""
    try:
        reference = Reference.parse(name)
    except ReferenceSyntaxError:
        return ""
    qualifiers = {"repository_url": reference.name.lower(), "arch": result.image.config.architecture}
    if reference.tag:
        qualifiers["tag"] = reference.tag
    last = reference.repository.rpartition("/")[2]
    told = {key: escape_line(value) for key, value in qualifiers.items() if value}
    return PackageURL("oci", None, last, str(digest), told).to_string()


def iter_properties(result: AuditResult) -> list[tuple[str, str]]:
    """What else is known of the image, and what could not be read: a bill that leaves something out says so."""
    image = result.image
    told = [("config-digest", str(image.config_digest)), ("platform", escape_line(str(image.config.platform)))]
    if image.manifest_digest is not None:
        told.append(("manifest-digest", str(image.manifest_digest)))
    gaps = [
        f"{escape_line(gap.what)} ({escape_line(gap.where)}): {escape_line(gap.why)}" for gap in sorted(result.gaps)
    ]
    return [*told, *(("unread-part", gap) for gap in gaps)]
