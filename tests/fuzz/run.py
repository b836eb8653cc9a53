"""Fuzzes every parser of `layerscope.formats` for a given time and says what broke: `python -m fuzz.run --seconds 60`.

Each target runs in a process of its own (`fuzz.one`). What a run has learned, its corpus, stays in the folder and is
where the next run starts; so does every input that broke something, which `python -m fuzz.one TARGET FILE` repeats.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fuzz.seeds import make_seeds
from fuzz.targets import Target, list_targets, list_words

ROOT: Final = Path(__file__).parents[2]
LARGEST_INPUT: Final = 1 << 16
INPUT_SECONDS: Final = 5
"""One input may take this long, its coverage watched, which makes it some ten times slower."""
GRACE: Final = 60
"""Seconds that a process may need beyond its time: to start, and to try what the corpus holds."""

_RUNS: Final = re.compile(r"number_of_executed_units: (\d+)")
_COVERAGE: Final = re.compile(r"cov: (\d+)")
_TRACEBACK: Final = re.compile(r" === Uncaught Python exception: ===\n(.*?)(?:\n\n?==|\s*\Z)", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """What fuzzing one target came to; `defect` is empty where nothing broke."""

    target: str
    runs: int
    coverage: int
    defect: str

    def __str__(self) -> str:
        """The outcome as a line, and what broke below it."""
        line = f"{self.target:44} {self.runs:>10,} inputs  {self.coverage:>5} places"
        return f"{line}\n{self.defect}" if self.defect else line


def fuzz(target: Target, folder: Path, *, seconds: int) -> Outcome:
    """Fuzz one target for so many seconds."""
    place = folder / target.name
    corpus, seeds, broken = place / "corpus", place / "seeds", place / "broken"
    for each in (corpus, seeds, broken):
        each.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(make_seeds(target.module)):
        (seeds / str(number)).write_bytes(seed)
    words = place / "words"
    words.write_text(render_words(target.module))
    known = set(broken.iterdir())
    options = [
        *(f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", f"-max_len={LARGEST_INPUT}", "-rss_limit_mb=0"),
        *(f"-dict={words}", f"-artifact_prefix={broken}/", "-print_final_stats=1"),
    ]
    command = [sys.executable, "-m", "fuzz.one", target.name, str(corpus), str(seeds), *options]
    log = place / "log"
    with log.open("wb") as output:
        try:
            code = subprocess.run(
                command, stderr=output, stdout=output, check=False, timeout=seconds + GRACE
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
    text = log.read_text(errors="replace")
    runs, coverage = _RUNS.search(text), _COVERAGE.findall(text)
    defect = "" if code == 0 else describe_defect(text, code, sorted(set(broken.iterdir()) - known), log)
    return Outcome(target.name, int(runs[1]) if runs else 0, int(coverage[-1]) if coverage else 0, defect)


def render_words(module: str) -> str:
    """The constants of a module in libFuzzer's form of a dictionary."""
    words = (b"\0", *list_words(module))
    return "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)


def describe_defect(text: str, code: int, inputs: Sequence[Path], log: Path) -> str:
    """What broke, the input that did it, and where to read more."""
    match = _TRACEBACK.search(text)
    what = match[1] if match else "an input took too long" if "timeout" in text else f"exit code {code}"
    return "\n".join([what, *(f"  input {path}" for path in inputs), f"  log   {log}"])


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("words", nargs="*", help="only targets whose names contain one of these")
    parser.add_argument(
        "--seconds", type=int, default=60, help="time for all targets together, beside a second each to start"
    )
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="where the corpus is kept")
    return parser.parse_args()


def main() -> int:
    """Fuzz, print the outcomes, and say by the exit code whether anything broke."""
    options = parse_options()
    targets = [each for each in list_targets() if not options.words or any(word in each.name for word in options.words)]
    if not targets:
        sys.stderr.write("fuzz: no such target\n")
        return 2
    start = time.monotonic()
    seconds = max(1, options.seconds * options.jobs // len(targets))
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = []
        for outcome in pool.map(partial(fuzz, folder=options.folder, seconds=seconds), targets):
            outcomes.append(outcome)
            sys.stdout.write(f"{outcome}\n")
            sys.stdout.flush()
    broken = sum(bool(outcome.defect) for outcome in outcomes)
    inputs, taken = sum(outcome.runs for outcome in outcomes), time.monotonic() - start
    sys.stdout.write(f"{len(outcomes)} targets, {inputs:,} inputs, {taken:.0f} s, {broken} broken\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
