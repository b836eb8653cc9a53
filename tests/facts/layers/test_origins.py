"""Layers without a step that could be changed are told apart from those with one."""

import pytest

from layerscope.facts.layers.origins import Maker, judge_maker
from layerscope.image.config import HistoryEntry
from support.contexts import CREATED, make_context
from support.tar_member import file


@pytest.mark.parametrize(
    ("entry", "maker"),
    [
        (HistoryEntry(CREATED, "RUN /bin/sh -c make # buildkit"), Maker.STEP),
        (HistoryEntry(CREATED, "COPY . /app # buildkit"), Maker.STEP),
        (HistoryEntry(CREATED, "/bin/sh -c #(nop) ADD file:0123456789abcdef in /opt "), Maker.STEP),
        (HistoryEntry(CREATED, "/bin/sh -c #(nop) ADD file:0123456789abcdef in / "), Maker.BASE),
        (HistoryEntry(CREATED, "ADD rootfs.tar.xz / # buildkit"), Maker.BASE),
        (HistoryEntry(CREATED, "# debian.sh --arch 'amd64' out/ 'bookworm' '@1700000000'"), Maker.BASE),
        (HistoryEntry(CREATED, "", comment="Imported from -"), Maker.BASE),
        (HistoryEntry(), Maker.BASE),
    ],
)
def test_reads_the_lowest_layer_s_history(entry: HistoryEntry, maker: Maker) -> None:
    """An import, a root file system or another tool leaves no step of a Dockerfile."""
    assert judge_maker(make_context((file("a", b"1"),), steps=[entry]), 0) is maker


def test_a_layer_without_history_has_no_step() -> None:
    """Nothing says what made it."""
    assert judge_maker(make_context((file("a", b"1"),)), 0) is Maker.BASE


def test_a_later_layer_may_add_to_the_root() -> None:
    """Only the lowest layer is a root file system."""
    context = make_context((file("a", b"1"),), (file("b", b"1"),), steps=["ADD a.tar / ", "ADD b.tar / "])
    assert judge_maker(context, 1) is Maker.STEP


def test_the_named_base_decides() -> None:
    """Its own RUN steps cannot be changed, and those above it can."""
    layers = ((file("a", b"1"),), (file("b", b"1"),), (file("c", b"1"),))
    context = make_context(*layers, steps=["RUN a", "RUN b", "RUN c"], base_layers=2)
    assert [judge_maker(context, layer) for layer in range(3)] == [Maker.BASE, Maker.BASE, Maker.OWN]
