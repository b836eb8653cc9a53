"""ConfigEdit: what can be changed in an image's config without a rebuild."""

from msgspec import Struct


class SetVariable(Struct, frozen=True, tag=True):
    """Give a variable of the environment another value; without one, take it out."""

    name: str
    value: str | None = None


class HideCredentials(Struct, frozen=True, tag=True):
    """Put a mark in place of each credential that the history and the labels record."""


ConfigEdit = SetVariable | HideCredentials
