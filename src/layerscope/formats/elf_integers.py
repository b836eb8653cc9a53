"""Tables of whole numbers in an ELF file, read at once."""

import sys
from array import array

from layerscope.formats.elf_header import ElfHeader


def read_integers(table: memoryview, header: ElfHeader, typecode: str = "I") -> "array[int]":
    """The table's numbers, in the object's byte order; what is left of the last one is dropped."""
    numbers = array(typecode)
    numbers.frombytes(table[: len(table) // numbers.itemsize * numbers.itemsize])
    if (header.order == "<") != (sys.byteorder == "little"):
        numbers.byteswap()
    return numbers
