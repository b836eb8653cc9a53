"""Stream extractors see all of a file, whatever the chunks it comes in."""

from dataclasses import dataclass, field

import pytest

from layerscope.layers.extractor import FileReading, Wants
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.kept_values import UNREAD, WHY_LIMIT, list_unread
from layerscope.layers.limits import Limits
from layerscope.layers.tar_scanner import TarScanner
from support.tar_writer import file, write_tar

CONTENT = b"MAGIC" + bytes(range(256)) * 40


@dataclass
class Counting:
    """Keeps how much it was fed, and the last byte."""

    path: str
    fed: bytes = b""

    def feed(self, piece: memoryview) -> None:
        """Take a piece; none is empty."""
        assert len(piece)
        self.fed += piece

    def finish(self) -> object:
        """All that was fed."""
        return self.fed


@dataclass(frozen=True)
class StreamingExtractor:
    """Wants files by their first five bytes."""

    name: str = "streaming"
    version: int = 1
    wants: Wants = field(default=Wants(magics=frozenset({b"MAGIC"})))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """Count what passes."""
        assert (size, mode) == (len(CONTENT), 0o644)
        return Counting(path)


@pytest.mark.parametrize("chunk", [1, 3, 512, 1000, 4096, 1 << 20])
def test_every_byte_is_shown_once(chunk: int) -> None:
    """In order, however the stream is cut; files that nobody wants are not shown."""
    tar = write_tar([file("lib/wanted", CONTENT), file("lib/other", b"MAGPIE" + CONTENT[6:])])
    extractors = ExtractorSet([StreamingExtractor()])
    pieces = (tar[start : start + chunk] for start in range(0, len(tar), chunk))
    scanner = TarScanner(pieces, extractors, Limits())
    assert scanner.run() is None
    scanner.index()
    assert extractors.extracts == {"streaming": {"lib/wanted": CONTENT}}


@dataclass(frozen=True)
class Failing:
    """Raises when it opens a file, at a piece, or at the end, as the file's content says."""

    name: str = "failing"
    version: int = 1
    wants: Wants = field(default=Wants(suffixes=frozenset({".txt"})))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """Fail, or take what will."""
        assert (size, mode) == (5, 0o644)
        if path == "open.txt":
            raise LookupError("open")
        return Fragile()


class Fragile:
    """Raises at a piece that begins with `feed`, and at the end."""

    def feed(self, piece: memoryview) -> None:
        """Fail at some."""
        if bytes(piece[:4]) == b"feed.":
            raise KeyError("feed")

    def finish(self) -> object:
        """Fail."""
        raise RecursionError("e" * 1000)


@pytest.mark.parametrize("chunk", [3, 1 << 20])
def test_an_extractor_that_raises_does_not_end_the_layer(chunk: int) -> None:
    """Others see the file, and it stands written which extractor failed at which file, and why."""
    tar = write_tar([file(f"{name}.txt", name.encode().ljust(5, b".")) for name in ("end", "feed", "open")])
    extractors = ExtractorSet([Failing(), WholeText()])
    scanner = TarScanner((tar[start : start + chunk] for start in range(0, len(tar), chunk)), extractors, Limits())
    assert scanner.run() is None
    assert extractors.extracts["whole"] == {"end.txt": b"end..", "feed.txt": b"feed.", "open.txt": b"open."}
    unread = {path: list_unread(value) for path, value in extractors.extracts[UNREAD].items()}
    assert unread.keys() == {"end.txt", "feed.txt", "open.txt"}
    assert unread["open.txt"] == [("failing", "LookupError: open", True)]
    assert all(len(why) <= WHY_LIMIT for rows in unread.values() for _, why, _ in rows)


@dataclass(frozen=True)
class WholeText:
    """Keeps text files whole."""

    name: str = "whole"
    version: int = 1
    wants: Wants = field(default=Wants(suffixes=frozenset({".txt"})))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The content again."""
        del path, size, mode
        return content
