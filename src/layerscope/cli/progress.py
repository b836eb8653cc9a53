"""Progress on a terminal: what is being read, how much of it, how fast; drawn by one thread and gone at the end."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from layerscope.cli.console import Console
from layerscope.cli.waits import Waits
from layerscope.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from rich.console import Group

DELAY: Final = 0.3
"""Seconds before anything is drawn: what is over by then needs no progress."""
INTERVAL: Final = 0.125
"""Seconds between two pictures."""
WORTH_TELLING: Final = 2.0
"""Seconds to the next try from which it is told where nothing is drawn: with back-off, the fourth or fifth."""
SHOWN: Final = 6
"""Pieces of work shown one by one; the rest is in the total."""


@dataclass
class Work:
    """One piece of work, in bytes."""

    label: str
    total: int | None
    done: int = 0


@dataclass
class Board:
    """What is known of all work; told from any thread, drawn by one."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    active: dict[str, Work] = field(default_factory=dict)
    message: str = ""
    finished_bytes: int = 0
    finished_total: int = 0
    waits: Waits = field(default_factory=Waits)

    def start(self, key: str, label: str, total: int | None) -> None:
        """Put a piece of work on the board."""
        with self.lock:
            self.active[key] = Work(label, total)

    def advance(self, key: str, amount: int) -> None:
        """Count bytes; of work that nobody announced too."""
        with self.lock:
            work = self.active.get(key)
            if work is None:
                work = self.active[key] = Work(key, None)
            work.done += amount

    def finish(self, key: str) -> None:
        """Take a piece of work off the board and into the total."""
        with self.lock:
            work = self.active.pop(key, None)
            if work is not None:
                self.finished_bytes += work.done
                self.finished_total += max(work.total or 0, work.done)

    def note(self, message: str) -> None:
        """Say what is being done now."""
        with self.lock:
            self.message = message

    def wait(self, message: str, seconds: float) -> None:
        """Say what is tried again, and when."""
        self.waits.add(message, seconds)

    @property
    def is_reading(self) -> bool:
        """Whether work is announced that is not finished."""
        with self.lock:
            return bool(self.active)

    def snapshot(self) -> tuple[str, list[Work], int, int | None]:
        """The sentence, the work begun, and bytes done and to do in all (None where a size is unknown)."""
        with self.lock:
            works = [Work(work.label, work.total, work.done) for work in self.active.values()]
            done = self.finished_bytes + sum(work.done for work in works)
            sizes = [work.total for work in works]
            known = [size for size in sizes if size is not None]
            total = self.finished_total + sum(known) if len(known) == len(sizes) else None
            return self.message, [work for work in works if work.done], done, total


class SpokenWaits(SilentProgress):
    """Progress that is not drawn: what is tried again after a while is told once, in a line of its own."""

    def __init__(self, console: Console) -> None:
        """Nothing has been told."""
        self._console = console
        self._told: set[str] = set()

    def wait(self, message: str, seconds: float) -> None:
        """Tell what failed if that takes a while; a moment later it may be over."""
        if seconds >= WORTH_TELLING and message not in self._told:
            self._told.add(message)
            self._console.say(f"layerscope: {message}; trying again for a while")


@contextmanager
def show_progress(console: Console) -> Iterator[Progress]:
    """Yield a progress that is drawn on standard error, or one that tells long waits where nobody would see it."""
    if not console.shows_progress():
        yield SpokenWaits(console)
        return
    board = Board()
    over = threading.Event()
    drawer = threading.Thread(target=_draw, args=(board, over, console.has_talk_color()), name="progress", daemon=True)
    drawer.start()
    try:
        yield board
    finally:
        over.set()
        drawer.join()
        board.waits.close()


def _draw(board: Board, over: threading.Event, has_color: bool) -> None:
    """Draw until it is over; this thread alone touches the terminal."""
    began = time.monotonic()
    if over.wait(DELAY):
        return
    from rich.console import Console as RichConsole
    from rich.live import Live

    page = RichConsole(stderr=True, no_color=not has_color, highlight=False, markup=False, emoji=False)
    with Live(console=page, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False) as live:
        while not over.wait(INTERVAL):
            live.update(render_board(board, seconds=time.monotonic() - began), refresh=True)


def render_board(board: Board, *, seconds: float) -> "Group":
    """One line for all, one for each layer that is being read, and one for each failure that is tried again."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    from layerscope.report.escape import escape_line
    from layerscope.rules.wording import tell_size

    message, works, done, total = board.snapshot()
    waits = [
        Text(f"  {escape_line(wait)}", style="yellow", no_wrap=True, overflow="ellipsis")
        for wait in board.waits.list_current()
    ]
    if message and not board.is_reading:
        return Group(Text(escape_line(message), style="bold", no_wrap=True, overflow="ellipsis"), *waits)
    table = Table.grid(padding=(0, 1, 0, 0), expand=False)
    table.add_column(no_wrap=True, max_width=40, overflow="ellipsis")
    table.add_column(width=20)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True, justify="right", style="dim")
    rate = f"{tell_size(round(done / seconds))}/s" if done and seconds else ""
    amount = tell_size(done) + (f" of {tell_size(total)}" if total else "") if done else ""
    headline = Text("reading layers" if works else escape_line(message) or "opening the image", style="bold")
    table.add_row(headline, ProgressBar(total=total, completed=done, width=20, pulse=not total), amount, rate)
    for work in works[:SHOWN]:
        bar = ProgressBar(total=work.total, completed=work.done, width=20, pulse=not work.total)
        share = f"{tell_size(work.done)}" + (f" of {tell_size(work.total)}" if work.total else "")
        table.add_row(Text(f"  {escape_line(work.label)}"), bar, share, "")
    return Group(table, *waits)
