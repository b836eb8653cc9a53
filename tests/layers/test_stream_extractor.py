"""Stream extractors see all of a file, whatever the chunks it comes in."""

from dataclasses import dataclass, field

import pytest

from layerscope.layers.extractor import FileReading, Wants
from layerscope.layers.extractor_set import ExtractorSet
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
