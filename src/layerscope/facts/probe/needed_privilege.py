"""NeededPrivilege: what an image does only with more rights than a locked-down container has."""

from layerscope.facts.fact import Fact


class NeededPrivilege(Fact, frozen=True):
    """The stage that broke without it and passed with it, and what the image needs.

    `needs` are words for a person that go after `needs` (`to run as root`), `flags` what an engine is told to allow it,
    `reason` what the stage said without it. `stage` is empty where the image's Python did not start at all.
    """

    stage: str
    needs: tuple[str, ...]
    flags: tuple[str, ...] = ()
    reason: str = ""
