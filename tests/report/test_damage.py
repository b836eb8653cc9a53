"""What is wrong with the bytes of an image, in the words of every report."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import pytest

from layerscope.audit.result import AuditedLayer, AuditResult
from layerscope.image.digest import Digest
from layerscope.layers.scan import Damage, DamageKind
from layerscope.report.context import RenderContext
from layerscope.report.damage import Flaw, find_flaw
from layerscope.report.markdown_format import MarkdownFormat
from layerscope.report.terminal.terminal_format import TerminalFormat
from support.example_results import CLEAN
from support.results import make_finding, make_result

OTHER = Digest.of(b"other")


def damage(layer: AuditedLayer, kind: DamageKind, found: Digest | None) -> AuditedLayer:
    """The layer of a source without a manifest, its reading ended early."""
    assert layer.scan is not None
    scan = replace(layer.scan, damage=Damage(kind, "no more", 512), diff_id=found)
    return replace(layer, scan=scan, verified=False, digest=None)


DAMAGES: Final[dict[str, Callable[[AuditedLayer], AuditedLayer]]] = {
    "digest": lambda layer: replace(layer, verified=False),
    "size": lambda layer: layer,
    "other": lambda layer: damage(layer, DamageKind.CORRUPT, OTHER),
    "misbuilt": lambda layer: damage(layer, DamageKind.CORRUPT, layer.diff_id),
    "cut": lambda layer: damage(layer, DamageKind.TRUNCATED, None),
    "limit": lambda layer: damage(layer, DamageKind.LIMIT, None),
}


def make_damaged(*kinds: str) -> AuditResult:
    """An image of a layer for each kind of damage."""
    recipe = replace(CLEAN, layers=[*CLEAN.layers] * len(kinds), instructions=["COPY true /bin/true"] * len(kinds))
    result = make_result(recipe)
    layers = tuple(DAMAGES[kind](layer) for kind, layer in zip(kinds, result.layers, strict=True))
    codes = {"digest": "LAY001", "size": "LAY003"}
    findings = [make_finding(codes.get(kind, "LAY004"), (number, None)) for number, kind in enumerate(kinds)]
    return replace(result, layers=layers, findings=tuple(findings))


@pytest.mark.parametrize(
    ("kinds", "flaw", "terminal", "markdown"),
    [
        (
            ["digest"],
            Flaw.DIFFERENT,
            "✘ DAMAGED  layer 0 of 1 is not what its digest says",
            "Damaged:** the image is not what its digests say",
        ),
        (
            ["other", "digest"],
            Flaw.DIFFERENT,
            "✘ DAMAGED  layers 0, 1 of 2 are not what their digests say",
            "Damaged:** the image is not what its digests say",
        ),
        (
            ["size"],
            Flaw.MISSIZED,
            "✘ DAMAGED  layer 0 of 1 is not of the size that its manifest claims",
            "Damaged:** the image is not of the sizes that its manifest claims",
        ),
        (
            ["size", "size"],
            Flaw.MISSIZED,
            "✘ DAMAGED  layers 0, 1 of 2 are not of the sizes that their manifest claims",
            "Damaged:** the image is not of the sizes that its manifest claims",
        ),
        (
            ["misbuilt"],
            Flaw.MISBUILT,
            "✘ DAMAGED  layer 0 of 1 is what its digest says, yet cannot be read to its end",
            "Damaged:** the image is what its digests say, yet cannot be read to its end",
        ),
        (
            ["misbuilt", "misbuilt"],
            Flaw.MISBUILT,
            "✘ DAMAGED  layers 0, 1 of 2 are what their digests say, yet cannot be read to their end",
            "Damaged:** the image is what its digests say, yet cannot be read to its end",
        ),
        (
            ["cut"],
            Flaw.UNREADABLE,
            "✘ DAMAGED  layer 0 of 1 cannot be read to its end",
            "Damaged:** the image cannot be read to its end",
        ),
        (
            ["limit", "limit"],
            Flaw.LIMITED,
            "✘ UNREAD   layers 0, 1 of 2 are beyond a limit and not read to the end",
            "Unread:** the image is beyond a limit and not read to the end",
        ),
        (
            ["digest", "misbuilt"],
            Flaw.MIXED,
            "✘ DAMAGED  layers 0, 1 of 2 are not what the image says of them, or cannot be read to their end",
            "Damaged:** the image is not what it says of its layers, or cannot be read to its end",
        ),
        (
            ["digest", "size"],
            Flaw.MIXED,
            "✘ DAMAGED  layers 0, 1 of 2 are not what the image says of them, or cannot be read to their end",
            "Damaged:** the image is not what it says of its layers, or cannot be read to its end",
        ),
    ],
)
def test_damage_is_told_as_it_is(kinds: Sequence[str], flaw: Flaw, terminal: str, markdown: str) -> None:
    """Bytes that are what their digests say are not called others, and a limit is no fault of the image."""
    result, context = make_damaged(*kinds), RenderContext(exit_code=4, width=120)
    assert find_flaw(result) is flaw
    assert TerminalFormat().render(result, context).splitlines()[0] == terminal
    assert markdown in MarkdownFormat().render(result, context)


@pytest.mark.parametrize(
    ("kind", "code", "flaw"),
    [
        ("digest", "LAY001", Flaw.DIFFERENT),
        ("cut", "LAY002", Flaw.DIFFERENT),
        ("misbuilt", "LAY003", Flaw.MISBUILT),
        ("limit", "LAY003", Flaw.MISSIZED),
    ],
)
def test_a_layer_with_two_faults_is_called_by_the_graver(kind: str, code: str, flaw: Flaw) -> None:
    """A wrong size beside a wrong digest says no more; beside a limit it says what is known against the layer."""
    result = make_damaged(kind)
    others = (make_finding("LAY003", (0, None)), make_finding(code, (0, None)))
    assert find_flaw(replace(result, findings=(*result.findings, *others))) is flaw
