"""The figures of a benchmark, kept as JSON so that runs of different images add up to one table."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from benchmarks.measure import Measurement
from benchmarks.stages import CORES, StageCosts
from benchmarks.store import Form

FIGURES = Path(__file__).with_name("results.json")
TABLES = Path(__file__).with_name("RESULTS.md")
COLD, WARM, STDIN, HELP = "cold", "warm", "from standard input", "--help"
BARE = "cold without facts"
IN_PLACE, SAVE = "engine, read in place", "engine, through save"
ANY_IMAGE = ""


@dataclass(frozen=True)
class ImageFigures:
    """What one image holds in one form, and what the stages of an audit cost on it alone."""

    image: str
    form: Form
    size: int
    passes: tuple[tuple[StageCosts, ...], ...]  # by pass, then by layer; each pass was followed by a cold audit
    in_memory: bool  # whether it lay in the RAM disk

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.image, self.form)

    @property
    def layers(self) -> tuple[StageCosts, ...]:
        """The layers, as one pass saw them."""
        return self.passes[0]


@dataclass(frozen=True)
class Comparison:
    """A peer and layerscope on the same image, run in turns."""

    image: str
    form: str  # a `Form`, or one in a registry
    peer: str
    mine: tuple[Measurement, ...]
    theirs: tuple[Measurement, ...]

    @property
    def name(self) -> str:
        """The peer and what it was given, as a person says it."""
        return name_comparison(self.peer, self.image, self.form)

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.image, self.form, self.peer)


@dataclass(frozen=True)
class Scenario:
    """layerscope alone: one way of running it on one image."""

    image: str
    name: str
    runs: tuple[Measurement, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.image, self.name)


@dataclass(frozen=True)
class Timing:
    """A command on one or more images and what it is held against, run in turns, and the seconds wanted of it."""

    images: str
    name: str
    bound: str
    wanted: float | None
    mine: tuple[Measurement, ...]
    theirs: tuple[Measurement, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.name, self.images, self.bound)


@dataclass(frozen=True)
class FactsCost:
    """Cold audits without facts and with all of them, run in turns."""

    image: str
    form: Form
    without: tuple[Measurement, ...]
    with_facts: tuple[Measurement, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.image, self.form)


@dataclass(frozen=True)
class CodePass:
    """Seconds of CPU for one pass over the same bytes in memory: listing device code, SHA-256, and a mere copy."""

    scan: float
    hash: float
    copy: float


@dataclass(frozen=True)
class CodeSpeed:
    """How fast the device code of an image's larger objects is listed."""

    image: str
    form: Form
    objects: int
    size: int
    passes: tuple[CodePass, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.image, self.form)


@dataclass(frozen=True)
class SurgeryPass:
    """Seconds that writing took, the most memory it held, and the CPU seconds of each stage alone in the same round."""

    wall: float
    peak: int
    inflate: float
    diff_id: float
    pack: float
    blob: float

    @property
    def bound(self) -> float:
        """Seconds that two cores need at least; packing can be split among them, the others cannot."""
        return max((self.inflate + self.diff_id + self.pack + self.blob) / CORES, self.inflate, self.diff_id, self.blob)


@dataclass(frozen=True)
class SurgeryCost:
    """What it took to edit every layer of an image and pack it in one way."""

    image: str
    form: Form
    compression: str
    size: int
    passes: tuple[SurgeryPass, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of."""
        return (self.image, self.form, self.compression)


@dataclass(frozen=True)
class Results:
    """All figures of one machine."""

    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    peers: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    images: tuple[ImageFigures, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    facts: tuple[FactsCost, ...] = ()
    code: tuple[CodeSpeed, ...] = ()
    surgery: tuple[SurgeryCost, ...] = ()
    timings: tuple[Timing, ...] = ()

    def measures(self, name: str) -> bool:
        """Whether a peer, or a peer on an image, is among these figures."""
        return name in self.peers or name in {figure.name for figure in self.comparisons}

    def merged(self, newer: "Results") -> "Results":
        """These figures, with newer ones in the place of those they repeat."""
        return replace(
            newer,
            machine=newer.machine or self.machine,
            versions=newer.versions or self.versions,
            peers=newer.peers or self.peers,
            missing={**{name: why for name, why in self.missing.items() if not newer.measures(name)}, **newer.missing},
            images=_merge(self.images, newer.images),
            comparisons=_merge(self.comparisons, newer.comparisons),
            scenarios=_merge(self.scenarios, newer.scenarios),
            facts=_merge(self.facts, newer.facts),
            code=_merge(self.code, newer.code),
            surgery=_merge(self.surgery, newer.surgery),
            timings=_merge(self.timings, newer.timings),
        )


def name_comparison(peer: str, image: str, form: str) -> str:
    """A peer and what it was given, as a person says it."""
    return f"{peer} on {image} {form}"


class Keyed(Protocol):
    """A figure that says what it is a figure of."""

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a figure of: a newer one replaces it."""


Figure = TypeVar("Figure", bound=Keyed)


def read_results() -> Results:
    """The figures kept so far."""
    try:
        return msgspec.json.decode(FIGURES.read_bytes(), type=Results)
    except (FileNotFoundError, msgspec.ValidationError):  # none, or in the form of an earlier benchmark
        return Results()


def write_results(results: Results) -> None:
    """Keep figures for the next run to add to."""
    FIGURES.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def _merge(older: tuple[Figure, ...], newer: tuple[Figure, ...]) -> tuple[Figure, ...]:
    merged = {figure.key: figure for figure in (*older, *newer)}
    return tuple(merged[key] for key in sorted(merged))
