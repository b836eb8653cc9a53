"""An image's facts are kept as bytes and read back as they were, or not at all."""

import msgspec
import pytest

from layerscope.errors import CacheError
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.image_facts import ImageFacts, decode_image_facts, encode_image_facts
from layerscope.facts.run import collect_facts
from layerscope.facts.system.os_release import OsRelease
from support.contexts import make_context
from support.tar_member import directory, file, symlink, whiteout


def collect(context: FactContext) -> ImageFacts:
    """All that is known of an image."""
    return ImageFacts(context.weight, *collect_facts(context))


def reread(known: ImageFacts) -> ImageFacts:
    """What is read back of it."""
    return decode_image_facts(memoryview(encode_image_facts(known)))


def test_facts_of_many_kinds_are_read_back() -> None:
    """Nested values, sets, times and unions are of their types again, in their order."""
    context = make_context(
        [
            directory("etc"),
            file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
            file("etc/os-release", b"ID=debian\n"),
        ],
        [file("app/run.sh", b"#!/bin/sh\r\n", mode=0o755), symlink("lib/libx.so", "libx.so.1")],
        [file("a", b"x" * 9000), file("b", b"x" * 9000), whiteout("app/run.sh")],
        steps=["COPY . /", "RUN make", "RUN rm /app/run.sh"],
    )
    known = collect(context)
    kinds = {type(fact).__name__ for fact in known.facts}
    assert kinds >= {"Accounts", "DanglingLinks", "EndedFiles", "Process", "RepeatedFiles", "BuildTimes", "OsRelease"}
    read = reread(known)
    assert list(read.facts) == list(known.facts)
    assert (read.weight, read.gaps) == (known.weight, known.gaps)


def test_every_kind_of_fact_has_a_form_in_the_cache() -> None:
    """A collector whose facts could not be read back would cost every audit after the first."""
    kinds = [kind for kind in Fact.__subclasses__() if kind.__module__.startswith("layerscope.")]
    assert len(kinds) > 15
    for kind in kinds:
        assert msgspec.msgpack.decode(b"\x90", type=list[kind]) == []  # type: ignore[valid-type]


def test_gaps_keep_who_failed() -> None:
    """Whether layerscope failed at something is a part of the gap."""
    gaps = (Gap("a", "layer 1", "why"), Gap("b", "image", "why", is_own_failure=True))
    known = collect(make_context())
    assert reread(ImageFacts(known.weight, known.facts, gaps)).gaps == gaps


def test_a_name_that_is_no_text_cannot_be_kept() -> None:
    """Such facts are collected anew each time."""
    known = collect(make_context([file("bin/caf\udce9", b"#!/bin/none\n", mode=0o755)]))
    with pytest.raises(CacheError, match="writing the facts of an image"):
        encode_image_facts(known)


@pytest.mark.parametrize(
    "facts",
    [
        {"layerscope.facts.system.os_release.OsRelease": msgspec.Raw(b"\x91\xc0")},
        {"layerscope.facts.nothing.Known": msgspec.Raw(b"\x90")},
    ],
)
def test_other_bytes_are_an_error(facts: dict[str, msgspec.Raw]) -> None:
    """A fact of another form, or of a kind that is no more, is never half read."""
    known = collect(make_context())
    body = msgspec.msgpack.encode([known.weight, known.gaps, facts])
    with pytest.raises(CacheError, match="reading the facts of an image"):
        decode_image_facts(memoryview(body))
    with pytest.raises(CacheError, match="reading the facts of an image"):
        decode_image_facts(memoryview(b"\xc1"))


def test_facts_are_told_apart_by_their_kind() -> None:
    """Two kinds with the same fields stay what they are."""
    release = OsRelease(Evidence(path="etc/os-release"), "debian", "12", "bookworm", "Debian 12", ())
    known = collect(make_context())
    read = reread(ImageFacts(known.weight, type(known.facts)([release]), ()))
    assert read.facts.of(OsRelease) == (release,)
