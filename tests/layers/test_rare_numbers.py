"""Numbers of few positions are those of a whole column."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from layerscope.layers.rare_numbers import RareNumbers


@given(st.lists(st.sampled_from([0, 0, 0, 1, -1, 7])), st.integers(0, 5))
def test_numbers_are_those_of_a_column(numbers: list[int], dropped: int) -> None:
    """Read one by one or all at once, the last ones taken back or not."""
    rare = RareNumbers("i", 0)
    for position, number in enumerate(numbers):
        if number:
            rare.add(position, number)
    for position in reversed(range(max(0, len(numbers) - dropped), len(numbers))):
        rare.drop(position)
    left = numbers[: max(0, len(numbers) - dropped)]
    assert [rare[position] for position in range(len(left))] == left
    assert rare.spread(len(left)) == array("i", left)
