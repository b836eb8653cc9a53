"""RareNumbers: a column of what few entries have, for the others a number that goes without saying."""

from array import array
from bisect import bisect_left


class RareNumbers:
    """Numbers by position, as small in memory as a column of those entries alone."""

    def __init__(self, typecode: str, usual: int) -> None:
        """Hold numbers of an array's type; `usual` is what every other position has."""
        self.usual = usual
        self._positions = array("I")
        self._numbers = array(typecode)

    def __getitem__(self, position: int) -> int:
        place = bisect_left(self._positions, position)
        is_there = place < len(self._positions) and self._positions[place] == position
        return self._numbers[place] if is_there else self.usual

    def add(self, position: int, number: int) -> None:
        """Keep a number that is not the usual one, for a position behind all those that have one."""
        self._positions.append(position)
        self._numbers.append(number)

    def drop(self, position: int) -> None:
        """Take the last position back, if it has a number."""
        if self._positions and self._positions[-1] == position:
            del self._positions[-1]
            del self._numbers[-1]

    def spread(self, count: int) -> "array[int]":
        """The numbers of the first `count` positions, the usual one in between."""
        found = array(self._numbers.typecode, [self.usual]) * count
        for position, number in zip(self._positions, self._numbers, strict=True):
            found[position] = number
        return found
