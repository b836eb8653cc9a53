"""LostOutput: what a process of the image printed and nobody saw, since it ended before its buffer was written."""

from layerscope.facts.fact import Fact


class LostOutput(Fact, frozen=True):
    """The streams whose text did not arrive: `stdout`, `stderr`, `logging`.

    `told_by` is the code of a finding in the image's files that says so already, and that this confirms.
    """

    streams: tuple[str, ...]
    told_by: str = ""
