"""NeededPrivilege: what an image does only with more rights than a locked-down container has."""

from layerscope.facts.fact import Fact


class NeededPrivilege(Fact, frozen=True):
    """The stage that broke without it, and what it needs: each a word for a person, as `a writable root`."""

    stage: str
    needs: tuple[str, ...]
    reason: str = ""
