"""A reader of the plain YAML that layerscope writes: block mappings and lists, JSON's texts, and blocks."""

import json
import re
from typing import Any


def read_plain_yaml(text: str) -> list[Any]:
    """Every document in a text; raises where a line is not what the plain subset has."""
    documents = re.split(r"(?m)^---$", text)
    return [_Reader(each).read_value(0) for each in documents]


class _Reader:
    def __init__(self, text: str) -> None:
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        self.lines = [(len(line) - len(line.lstrip()), line.strip()) for line in lines]

    def read_value(self, depth: int) -> Any:
        first = self.lines[0][1]
        return self._read_list(depth) if first == "-" or first.startswith("- ") else self._read_mapping(depth)

    def _read_list(self, depth: int) -> list[Any]:
        found = []
        while self.lines and self.lines[0][0] == depth and self.lines[0][1].startswith("-"):
            rest = self.lines[0][1][2:]
            if re.match(r"[A-Za-z0-9./-]+:( |$)|\"[^\"]+\":( |$)", rest):
                self.lines[0] = (depth + 2, rest)
                found.append(self._read_mapping(depth + 2))
            else:
                self.lines.pop(0)
                found.append(spell(rest))
        return found

    def _read_mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.lines and self.lines[0][0] == depth:
            line = self.lines.pop(0)[1]
            match = re.fullmatch(r'([A-Za-z][A-Za-z0-9._/-]*|"[^"]+"):(?: (.*))?', line)
            assert match, line
            key = spell(match[1])
            assert key not in found, key
            if match[2] == "|":
                found[key] = self._read_block(depth)
            else:
                found[key] = spell(match[2]) if match[2] is not None else self.read_value(self.lines[0][0])
        return found

    def _read_block(self, depth: int) -> str:
        block = []
        while self.lines and self.lines[0][0] > depth:
            block.append(self.lines.pop(0)[1])
        return "\n".join(block) + "\n"


def spell(text: str) -> Any:
    """A scalar: JSON, or a word without quotes."""
    try:
        return json.loads(text)
    except ValueError:
        assert re.fullmatch(r"[A-Za-z/][A-Za-z0-9/._-]*", text), text
        return text
