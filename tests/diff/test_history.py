"""Histories are compared by their instructions, and then by what else their steps say."""

import pytest

from layerscope.diff.change import Change
from layerscope.diff.history import StepAspect, StepChange, iter_step_changes
from layerscope.diff.noise import Noise
from layerscope.image.history import BuildStep

A = BuildStep(0, None, "RUN a", "RUN a", empty=False, layer=0)
B = BuildStep(1, None, "ENV B=1", "ENV B=1", empty=True, layer=None)


def vary(**changes: object) -> BuildStep:
    """The first step with other values."""
    values = {name: getattr(A, name) for name in A.__struct_fields__} | changes
    return BuildStep(**values)


def test_steps_come_and_go_by_their_instructions() -> None:
    """Steps without a layer are steps as well."""
    assert list(iter_step_changes([A], [A, B])) == [StepChange(Change.ADDED, (), (B,))]
    assert list(iter_step_changes([A, B], [A])) == [StepChange(Change.REMOVED, (B,), ())]
    assert list(iter_step_changes([A], [B])) == [StepChange(Change.CHANGED, (A,), (B,))]


@pytest.mark.parametrize(
    ("other", "aspects"),
    [
        (vary(position=7, layer=3), ()),
        (vary(author="x"), (StepAspect.AUTHOR,)),
        (vary(comment="x"), (StepAspect.COMMENT,)),
        (vary(created_by="RUN |1 A=1 /bin/sh -c a # buildkit"), (StepAspect.CREATED_BY,)),
        (vary(empty=True), (StepAspect.LAYER,)),
        (vary(author="x", comment="y"), (StepAspect.AUTHOR, StepAspect.COMMENT)),
    ],
)
def test_one_instruction_may_say_something_else_of_itself(other: BuildStep, aspects: tuple[StepAspect, ...]) -> None:
    """Each way is told; its place among the layers, which the layers tell, is none."""
    expected = [StepChange(Change.CHANGED, (A,), (other,), aspects)] if aspects else []
    assert list(iter_step_changes([A], [other])) == expected


def test_what_builders_write_is_theirs() -> None:
    """A comment and another spelling are noise of builders; an author is not."""
    ignored = {Noise.BUILD}
    assert list(iter_step_changes([A], [vary(comment="x", created_by="y")], ignored)) == []
    (change,) = iter_step_changes([A], [vary(comment="x", author="y")], ignored)
    assert change.aspects == (StepAspect.AUTHOR,)
