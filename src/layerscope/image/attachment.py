"""What lies beside an image to describe it: attestations, signatures, bills of materials."""

from dataclasses import dataclass

from layerscope.image.digest import Digest


@dataclass(frozen=True, slots=True, order=True)
class Attachment:
    """Something that names an image as its subject; listed, never verified.

    `kind` is `attestation`, `signature`, `bill of materials` or `referrer`, `type` its media or artifact type where it
    has one, and `found` how it was found: in the image's index, by the referrers API, by a tag made from the digest.
    """

    kind: str
    digest: Digest
    type: str
    found: str


@dataclass(frozen=True, slots=True)
class Attached:
    """All that was found beside an image, and why that may not be everything."""

    found: tuple[Attachment, ...] = ()
    trouble: str = ""
