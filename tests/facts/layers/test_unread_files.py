"""Files that an extractor could not keep anything of reach every report as gaps."""

from dataclasses import replace

from layerscope.facts.gap import Gap
from layerscope.facts.layers.unread_files import UnreadFileCollector
from layerscope.layers.kept_values import UNREAD
from support.contexts import collect_gaps, make_context
from support.tar_writer import file


def test_failures_are_told_once_a_layer_and_extractor() -> None:
    """With the first file, the cause, and how many more there are."""
    context = make_context([file("a")])
    rows = [["elf-objects", "ValueError: x", True]]
    unread = {"lib/b": rows, "lib/a": [*rows, ["scripts", "more than 5 bytes to keep of one layer", False]]}
    scan = replace(context.scans[0], extracts={**context.scans[0].extracts, UNREAD: unread})
    assert collect_gaps(UnreadFileCollector, replace(context, scans=(scan,))) == [
        Gap(
            "elf-objects of a file",
            "/lib/a",
            "the extractor failed: ValueError: x, and 1 more files of layer 0",
            is_own_failure=True,
        ),
        Gap("scripts of a file", "/lib/a", "more than 5 bytes to keep of one layer"),
    ]


def test_layers_without_failures_have_no_gap() -> None:
    """Nor do those from a cache that knew of none."""
    assert collect_gaps(UnreadFileCollector, make_context([file("a")])) == []
