"""Progress is counted from any thread, and drawn on a terminal only."""

import io
import os
import threading

import pytest
from rich.console import Console as RichConsole

from layerscope.cli.console import Console
from layerscope.cli.progress import SHOWN, Board, render_board, show_progress
from layerscope.cli.waits import MAX_SHOWN, Waits
from layerscope.progress import SilentProgress


def _draw(board: Board, seconds: float = 1.0) -> str:
    page = RichConsole(file=io.StringIO(), width=100)
    page.print(render_board(board, seconds=seconds))
    assert isinstance(page.file, io.StringIO)
    return page.file.getvalue()


def test_long_waits_are_told_where_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """Each once, unless nobody wants to hear of anything."""
    with show_progress(Console()) as progress:
        for seconds in (0.2, 2.5, 5.0):
            progress.wait("asking x for y: answered 429", seconds)
    assert capsys.readouterr().err == "layerscope: asking x for y: answered 429; trying again for a while\n"
    quiet = Console()
    quiet.quiet = True
    with show_progress(quiet) as progress:
        progress.wait("asking x for y: answered 429", 5.0)
    assert capsys.readouterr().err == ""


def test_bytes_and_rate_are_shown() -> None:
    """How much of how much, and how fast."""
    board = Board()
    board.start("a", "3a88c497fcb8", 4_000_000)
    board.start("b", "be1e9db5907a", 6_000_000)
    board.advance("a", 3_000_000)
    text = _draw(board, seconds=2.0)
    assert "3.0 MB of 10.0 MB" in text
    assert "1.5 MB/s" in text
    assert "3a88c497fcb8" in text
    assert "be1e9db5907a" not in text  # announced, not begun


def test_what_is_finished_stays_in_the_total() -> None:
    """A finished layer has no line of its own, and its bytes still count."""
    board = Board()
    board.start("a", "first", 5_000_000)
    board.advance("a", 5_000_000)
    board.finish("a")
    board.start("b", "second", 5_000_000)
    text = _draw(board)
    assert "5.0 MB of 10.0 MB" in text
    assert "first" not in text


def test_what_follows_the_reading_is_told_whole_and_without_its_rate() -> None:
    """Nothing is read any more, and a narrow terminal has room for the sentence."""
    board = Board()
    board.start("a", "first", 335_900_000)
    board.advance("a", 335_900_000)
    board.finish("a")
    board.note("weighing layers and collecting facts")
    page = RichConsole(file=io.StringIO(), width=80)
    page.print(render_board(board, seconds=2.0))
    assert isinstance(page.file, io.StringIO)
    assert page.file.getvalue() == "weighing layers and collecting facts\n"


def test_without_a_size_there_is_no_total() -> None:
    """An export says how much came, not how much will."""
    board = Board()
    board.start("a", "stream", None)
    board.advance("a", 1_000_000)
    assert "1.0 MB" in _draw(board)
    assert " of " not in _draw(board)


def test_a_sentence_is_shown_while_nothing_is_read() -> None:
    """What is waited for is told, without control characters."""
    board = Board()
    board.note("waiting for the engine\x1b[2J")
    assert r"waiting for the engine\x1b[2J" in _draw(board)


def test_not_more_lines_than_fit_are_drawn() -> None:
    """A hundred layers at once do not fill the screen."""
    board = Board()
    for number in range(100):
        board.start(str(number), f"layer-{number}", 10)
        board.advance(str(number), 1)
    assert len(_draw(board).splitlines()) == SHOWN + 1


def test_work_that_nobody_announced_is_counted() -> None:
    """An advance or an end without a start is no failure."""
    board = Board()
    board.advance("a", 7)
    board.finish("b")
    assert board.snapshot()[2] == 7


def test_several_threads_count_together() -> None:
    """No byte is lost."""
    board = Board()
    board.start("a", "layer", None)

    def count() -> None:
        for _ in range(5000):
            board.advance("a", 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert board.snapshot()[2] == 20_000


def test_nothing_is_drawn_where_nobody_watches() -> None:
    """In a pipe, progress is silent and no thread is started."""
    before = threading.active_count()
    with show_progress(Console()) as progress:
        assert isinstance(progress, SilentProgress)
        assert threading.active_count() == before


@pytest.mark.parametrize(("quiet", "draws", "shown"), [(False, True, True), (True, True, False), (False, False, False)])
def test_progress_can_be_switched_off(quiet: bool, draws: bool, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `--quiet` and by `--no-progress`."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    console = Console()
    console.quiet, console.draws_progress = quiet, draws
    assert console.shows_progress() is shown


def test_the_drawing_thread_ends_with_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the work fails."""
    monkeypatch.setattr(Console, "shows_progress", lambda _self: True)
    before = threading.active_count()
    seen = []

    def fail() -> None:
        with show_progress(Console()):
            seen.append(threading.active_count())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (seen, threading.active_count()) == ([before + 1], before)


def test_what_is_tried_again_is_shown_while_layers_are_read() -> None:
    """With the seconds that are left, and without control characters."""
    board = Board()
    board.start("a", "3a88c497fcb8", 4_000_000)
    board.advance("a", 1)
    board.wait("layer be1e9db5907a: answered 503\x1b[2J", 40.0)
    lines = _draw(board).splitlines()
    assert lines[0].startswith("reading layers")
    assert lines[-1].strip() == r"layer be1e9db5907a: answered 503\x1b[2J; tried again in 40 s"


def test_a_wait_is_gone_when_its_time_is_up() -> None:
    """Nothing has to take it back; the latest word on the same thing counts."""
    waits = Waits()
    waits.add("over", -1.0)
    waits.add("same", 90.0)
    waits.add("same", 20.0)
    assert waits.list_current() == ["same; tried again in 20 s"]
    waits.close()


def test_a_forked_process_tells_too() -> None:
    """Layers are read by workers, whose memory is their own."""
    waits = Waits()
    child = os.fork()
    if not child:
        waits.add("layer 3a88c497fcb8: broke off", 30.0)
        os._exit(0)
    os.waitpid(child, 0)
    assert waits.list_current() == ["layer 3a88c497fcb8: broke off; tried again in 30 s"]
    waits.close()


def test_many_waits_fill_neither_pipe_nor_screen() -> None:
    """Whoever tells is never held up, and a closed board takes nothing."""
    waits = Waits()
    for number in range(10_000):
        waits.add(f"layer {number:05}: {'x' * 1000}", 60.0 + number)
    assert [line[:11] for line in waits.list_current()] == [f"layer {number:05}" for number in range(MAX_SHOWN)]
    waits.close()
    waits.add("late", 9.0)
    assert waits.list_current() != []


def test_without_a_pipe_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may open no more files goes on all the same."""

    def refuse() -> tuple[int, int]:
        raise OSError

    monkeypatch.setattr(os, "pipe", refuse)
    waits = Waits()
    waits.add("late", 9.0)
    assert waits.list_current() == []
    waits.close()
