"""Gap: what could not be read, where, and why."""

from collections.abc import Iterator

from msgspec import Struct


class Gap(Struct, frozen=True, order=True):
    """Something that is not known, as a value that reaches every report.

    `where` is a path (with its leading slash), a layer (`layer 3`) or the config, for a person.
    """

    what: str
    where: str
    why: str
    is_own_failure: bool = False
    """Whether layerscope failed at it, so that the image is not to blame and another run may succeed."""


def tell_cut(what: str, found: int, limit: int) -> Iterator[Gap]:
    """One gap where more was found than is told of, so that a ceiling does not pass for the end."""
    if found > limit:
        yield Gap(what, "image", f"only the first {limit:,} of {found:,} are told of")
