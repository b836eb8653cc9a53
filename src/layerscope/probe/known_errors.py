"""What the table of known errors says of a message that a stage or an engine gave."""

from msgspec import Struct

from layerscope.policies.error_search import clean_text, find_explanations
from layerscope.policies.errors import Cure
from layerscope.policies.policies import Policies


class KnownError(Struct, frozen=True):
    """A known error: its id, as `layerscope explain` takes it, what it means, and what to do."""

    id: str
    meaning: str
    cures: tuple[str, ...] = ()


def find_known_error(text: str, policies: Policies) -> KnownError | None:
    """The surest match of a message; None where it is not known."""
    found = find_explanations(policies.errors, clean_text(text))
    if not found:
        return None
    first = found[0]
    return KnownError(first.id, first.meaning.rstrip("."), tuple(map(_tell_cure, first.cures)))


def _tell_cure(cure: Cure) -> str:
    """What to do, and by which commands."""
    return ": ".join(filter(None, (cure.title, " && ".join(cure.commands))))
