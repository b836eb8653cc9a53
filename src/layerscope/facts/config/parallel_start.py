"""Commands that start one model on several GPUs, or one program on each: their processes talk by way of NCCL."""

from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import base_name
from layerscope.facts.system.launch_words import PARALLEL_OPTIONS, PARALLEL_PROGRAMS, PARALLEL_VARIABLES
from layerscope.facts.system.model_words import split_commands, split_words
from layerscope.facts.system.started_commands import find_started

MOST_GPUS: Final = 1024
"""More is no number of GPUs."""

_ANY: Final = frozenset({"gpu", "auto"})
"""What torchrun takes for as many processes as there are GPUs."""


class ParallelStart(Fact, frozen=True):
    """A program that runs in `processes` processes of one host, 0 for one on each GPU; `option` says so.

    The evidence is the script that starts it, none for the config.
    """

    program: str
    option: str
    processes: int


class ParallelStartCollector(Collector):
    """Reads the config's command and what its scripts start."""

    name = "config.parallel-start"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield at most one fact, of the first command that says so."""
        runtime = context.image.config.runtime
        own = split_commands(split_words((*runtime.entrypoint, *runtime.cmd)))
        commands = [(Evidence(), words) for words in own]
        commands += [(each.evidence, each.words) for each in context.shared(find_started)]
        environment = dict(entry.partition("=")[::2] for entry in runtime.env)
        for evidence, words in commands:
            program = find_parallel_program(words)
            if not program:
                continue
            counts = dict(_iter_counts(words))
            counts = counts or {
                name: count
                for name in PARALLEL_VARIABLES.get(program, ())
                if (count := _read_count(environment.get(name, ""))) is not None
            }
            found = _multiply(counts)
            if found is not None:
                yield ParallelStart(evidence, program, " ".join(counts), found)
                return


def find_parallel_program(words: Sequence[str]) -> str:
    """The program that may run on several GPUs, by the name in which it stands in a command; empty where none does."""
    names = (word if "." in word else base_name(word) for word in words[:8])
    return next((name for name in names if name in PARALLEL_PROGRAMS), "")


def _iter_counts(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The options that say how many, with their values."""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        option, equals, value = word.partition("=")
        count = _read_count(value if equals else following) if option in PARALLEL_OPTIONS else None
        if count is not None:
            yield option, count


def _read_count(text: str) -> int | None:
    if text in _ANY:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_GPUS)) else None


def _multiply(counts: dict[str, int]) -> int | None:
    """How many processes these are together, 0 for one on each GPU; None where it is one, or none is told."""
    product = 1
    for count in counts.values():
        product *= count
    return product if counts and product != 1 and product <= MOST_GPUS else None
