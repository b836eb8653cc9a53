"""Build steps are paired with their times."""

from datetime import UTC, datetime

from layerscope.facts.layers.build_times import BuildTimes, BuildTimesCollector
from layerscope.image.config import HistoryEntry
from support.contexts import collect_one, make_context
from support.tar_member import file

SECOND = 1_000_000_000


def day(number: int) -> datetime:
    """A day of March 2026."""
    return datetime(2026, 3, number, tzinfo=UTC)


def test_pairs_steps_with_layers_and_the_newest_file() -> None:
    """Empty steps make no layer and are left out."""
    newest = int(day(2).timestamp()) * SECOND
    context = make_context(
        [file("a", mtime_ns=SECOND), file("b", mtime_ns=newest)],
        [file("c")],
        steps=[
            HistoryEntry(day(3), "COPY a b /"),
            HistoryEntry(day(3), "ENV A=1", empty_layer=True),
            HistoryEntry(day(4), "COPY c /"),
        ],
        base_layers=1,
    )
    times = collect_one(BuildTimesCollector, context, BuildTimes)
    assert [(step.layer, step.created, step.newest_file) for step in times.steps] == [
        (0, day(3), day(2)),
        (1, day(4), None),
    ]
    assert times.base_layers == 1


def test_a_step_after_a_command_starts_another_image() -> None:
    """Base images end with what they run."""
    context = make_context(
        [file("a")],
        [file("b")],
        [file("c")],
        steps=[
            HistoryEntry(day(1), "ADD rootfs.tar /"),
            HistoryEntry(day(1), 'CMD ["bash"]', empty_layer=True),
            HistoryEntry(day(2), "COPY b /"),
            HistoryEntry(day(2), "COPY c /"),
        ],
    )
    times = collect_one(BuildTimesCollector, context, BuildTimes)
    assert [step.starts_stage for step in times.steps] == [False, True, False]


def test_steps_without_a_time_are_left_out() -> None:
    """Nothing can be said about them."""
    context = make_context([file("a")], steps=[HistoryEntry(None, "COPY a /")])
    assert collect_one(BuildTimesCollector, context, BuildTimes).steps == ()
