"""BrokenStage: the first stage of a probe that broke; what comes after it follows from it."""

from msgspec import Struct

from layerscope.facts.fact import Evidence, Fact


class Confirmed(Struct, frozen=True):
    """A finding in the image's files that the broken stage confirms: its code and rule, and where it lies."""

    code: str
    rule: str
    places: tuple[Evidence, ...] = ()


class BrokenStage(Fact, frozen=True):
    """The stage, `start` where the payload itself did not come up, and how it broke.

    `outcome` is the verdict's word and `kind` the stage's own (`import-error`); `title` and `reason` are sentences
    without a full stop, `cures` what to do, each with its commands. `cause` is the word of the cause tree for a GPU
    that is not there. `consequences` are stages that could not do their work because of it. `has_stack` says
    whether it was seen where its threads were.
    """

    stage: str
    outcome: str
    kind: str
    title: str
    reason: str
    cures: tuple[str, ...] = ()
    cause: str = ""
    last_line: str = ""
    is_out_of_memory: bool = False
    memory_limit: int | None = None
    device: str = ""
    consequences: tuple[str, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    has_stack: bool = False
