"""ConfigEdit: what can be changed in an image's config without a rebuild."""

from msgspec import Struct


class SetVariable(Struct, frozen=True, tag=True):
    """Give a variable of the environment another value; without one, take it out."""

    name: str
    value: str | None = None


ConfigEdit = SetVariable
