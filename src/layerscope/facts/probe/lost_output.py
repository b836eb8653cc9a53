"""LostOutput: what a process of the image printed and nobody saw, since it ended before its buffer was written."""

from layerscope.facts.fact import Fact


class LostOutput(Fact, frozen=True):
    """The streams whose text did not arrive: `stdout`, `stderr`, `logging`."""

    streams: tuple[str, ...]
