"""Finding: one thing that a rule found, and where."""

from msgspec import Struct

from layerscope.rules.fix import Fix
from layerscope.rules.severity import Confidence, Severity


class Location(Struct, frozen=True, order=True):
    """Where a finding lies: a layer (zero-based), a path (without leading slash), both, or neither (the config)."""

    layer: int | None = None
    path: str | None = None


class Finding(Struct, frozen=True):
    """What was found, in one message, at one or more locations.

    `wasted` is how many bytes the image would lose if it were cured, 0 where that is not the point. `ends_gpu_work`
    says that because of it nothing computes on a GPU: of the frameworks that the paths in `concerns` belong to, or of
    the whole image where there is none. `brief` says the message in a few words, where the rule has such. `is_answer`
    says that it answers what a person asked (--gpu, --driver, --fleet), so that no wish to hear less hides it.
    `confirmed` is the stage of a probe that bears it out. `is_only` says that no image has two of its rule, so that its
    words do not tell it from that of another image.
    """

    code: str
    rule: str
    title: str
    message: str
    severity: Severity
    confidence: Confidence
    locations: tuple[Location, ...]
    fixes: tuple[Fix, ...] = ()
    wasted: int = 0
    ends_gpu_work: bool = False
    concerns: tuple[str, ...] = ()
    brief: str = ""
    is_answer: bool = False
    confirmed: str = ""
    is_only: bool = False

    def __post_init__(self) -> None:
        """Hold rules to their promise of a location."""
        assert self.locations, f"{self.code} reported a finding without a location"
