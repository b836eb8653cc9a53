"""What lies beside an image to describe it: attestations, signatures, bills of materials."""

from msgspec import Struct

from layerscope.image.digest import Digest


class Attachment(Struct, frozen=True, order=True):
    """Something that names an image as its subject; listed, never verified.

    `kind` is `attestation`, `signature`, `bill of materials` or `referrer`, `type` its media or artifact type where it
    has one, and `found` how it was found: in the image's index, by the referrers API, by a tag made from the digest. Of
    the last two it says whether the subject is the index.
    """

    kind: str
    digest: Digest
    type: str
    found: str


class Attached(Struct, frozen=True):
    """All that was found beside an image, and why that may not be everything."""

    found: tuple[Attachment, ...] = ()
    trouble: str = ""
