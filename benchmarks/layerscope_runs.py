"""layerscope itself, as the benchmark runs it: cold or warm, from a file, standard input or an engine."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Command, Measurement, measure

PROGRAM = Path(sys.executable).with_name("layerscope")
EQUAL_WORK = Path(__file__).with_name("equal_work.py")
WITHOUT_FACTS = Path(__file__).with_name("without_facts.py")
CLEAN_OR_FINDINGS = frozenset({0, 1})
INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}  # an installed package has its byte-code, a checkout need not


@dataclass(frozen=True)
class Audit:
    """One way of auditing one image."""

    reference: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None
    equal_work: bool = False
    """Whether SHA-256 is left out, as the peer leaves it out."""
    without: str = ""
    """What `without_facts.py` is to leave out."""

    def run(self, scratch: Path) -> Measurement:
        """An audit with its layer cache in a scratch folder: cold if that is empty, warm the next time."""
        arguments = ("audit", self.reference, "--cache-dir", str(scratch / "layerscope"), "--output", "json")
        environment = {"TMPDIR": str(scratch), **INSTALLED, **self.environment}
        program: tuple[str, ...] = (sys.executable, str(EQUAL_WORK)) if self.equal_work else (str(PROGRAM),)
        if self.without:
            program = (sys.executable, str(WITHOUT_FACTS), self.without)
        words = (*program, *arguments, *self.options)
        command = Command(words, environment, accepted=CLEAN_OR_FINDINGS, stdin=self.stdin)
        return measure(command)


def run_command(words: tuple[str, ...], folder: Path) -> Measurement:
    """A command of layerscope with its cache, and all that it writes, in a folder."""
    arguments = (str(PROGRAM), *words, "--cache-dir", str(folder / "layerscope"))
    return measure(Command(arguments, {"TMPDIR": str(folder), **INSTALLED}, accepted=CLEAN_OR_FINDINGS))


def run_help(_scratch: Path) -> Measurement:
    """The time in which layerscope says what it can do."""
    return measure(Command((str(PROGRAM), "--help"), INSTALLED))
