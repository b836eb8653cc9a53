"""The layer cache, told."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layerscope.layers.cache_usage import CacheUsage, KindUsage, PruneResult, VerifyResult
from layerscope.report.cache_view import (
    render_prune_json,
    render_prune_text,
    render_usage_json,
    render_usage_text,
    render_verify_json,
    render_verify_text,
)
from layerscope.report.context import RenderContext

USAGE = CacheUsage(
    Path("/cache"),
    (KindUsage("layers", 12, 3_400_000), KindUsage("documents", 2, 900)),
    datetime(2026, 3, 2, 14, 22, tzinfo=UTC),
)


def test_usage_is_a_table_with_a_total() -> None:
    """Kinds, entries and bytes, and when the oldest was used."""
    assert render_usage_text(USAGE, RenderContext()) == (
        "cache at /cache\n\n"
        "           entries    size\n"
        "layers          12  3.4 MB\n"
        "documents        2   900 B\n"
        "total           14  3.4 MB\n\n"
        "least recently used 2026-03-02 14:22 UTC\n"
    )


def test_an_empty_cache_has_no_oldest_entry() -> None:
    """A dash stands where there is no time."""
    text = render_usage_text(CacheUsage(Path("/cache"), (), None), RenderContext(unicode=False))
    assert text.endswith("least recently used -\n")


def test_usage_is_told_to_a_program() -> None:
    """Bytes as numbers, the time in UTC."""
    document = json.loads(render_usage_json(USAGE))
    assert (document["size"], document["entries"]) == (3_400_900, 14)
    assert document["least_recently_used"] == "2026-03-02T14:22:00Z"


def test_pruning_is_one_line() -> None:
    """What went and what stayed."""
    result = PruneResult(1, 2_000, 3, 4_000)
    assert render_prune_text(result) == "removed 1 entry, 2.0 kB; kept 3 entries, 4.0 kB\n"
    document = json.loads(render_prune_json(result))
    assert (document["removed"], document["freed"], document["kept"], document["kept_size"]) == (1, 2000, 3, 4000)


@pytest.mark.parametrize(
    "text",
    [
        render_usage_json(USAGE),
        render_prune_json(PruneResult(1, 2, 3, 4)),
        render_verify_json(VerifyResult(3, 900, ())),
    ],
)
def test_every_document_says_who_wrote_it_and_in_which_version(text: str) -> None:
    """As the report does."""
    document = json.loads(text)
    assert document["schema_version"] == 1
    assert document["tool"]["name"] == "layerscope"


def test_verification_names_what_was_damaged() -> None:
    """A damaged entry is named, and a sound cache is one line."""
    assert render_verify_text(VerifyResult(3, 900, ())) == "read 3 entries, 900 B; all are intact\n"
    result = VerifyResult(3, 900, ("layers/ab",))
    assert render_verify_text(result) == "read 3 entries, 900 B; 1 was damaged and removed:\n  layers/ab\n"
    assert json.loads(render_verify_json(result))["damaged"] == ["layers/ab"]


def test_a_folder_that_is_not_there_is_told() -> None:
    """A misspelled one would look empty."""
    assert render_usage_text(CacheUsage(Path("/cahce"), (), None, is_there=False), RenderContext()).startswith(
        "cache at /cahce, where nothing is yet\n"
    )
