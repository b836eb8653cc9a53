"""Kinds of text and number in the JSON report, version 1."""

from typing import Annotated

from msgspec import Meta

DigestText = Annotated[str, Meta(pattern="^[a-z0-9]+:[a-f0-9]+$")]
PathText = Annotated[str, Meta(pattern="^/")]
ByteCount = Annotated[int, Meta(ge=0)]
Score = Annotated[float, Meta(ge=0, le=1)]
LayerNumber = Annotated[int, Meta(ge=0, description="Zero-based position in `layers`, lowest first.")]
