"""Every fix that is made in an image itself removes its finding, brings no other, and changes no other file."""

from pathlib import Path

import pytest

from layerscope.audit.applied import apply_layer_fix
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.fixes.layer_choice import choose_layer_fixes
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.rules.fix import FixPlace
from layerscope.rules.registry import RULES
from layerscope.sources.layout import LayoutSource
from support.fix_corpus import CORPUS
from support.images import write_oci_layout


@pytest.mark.parametrize("code", sorted(CORPUS))
def test_a_fix_removes_its_finding_and_nothing_else(code: str, tmp_path: Path) -> None:
    """What the proof looks at: findings before and after, and every path of both trees."""
    write_oci_layout(CORPUS[code].build(), tmp_path / "source")
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)
    before = audit_image(LayoutSource(str(tmp_path / "source")), options=options)
    chosen = choose_layer_fixes(before.findings, codes={code}, reviewed=True)
    assert [finding.code for finding in chosen.cures] == [code]
    fix = LayerFix(chosen.edits, chosen.cures)
    destination = LayoutDestination(tmp_path / "new")
    done = apply_layer_fix(before, fix, destination, options=options, progress=SilentProgress())
    assert done.objections == ()
    assert code in {finding.code for finding in done.removed}
    assert code not in {finding.code for finding in done.after.findings}
    after = audit_image(LayoutSource(str(tmp_path / "new")), options=options)
    assert [finding.code for finding in after.findings] == [finding.code for finding in done.after.findings]


def test_every_rule_that_says_so_is_in_the_corpus() -> None:
    """A rule whose fix is made in the image must be planted, too, and no other can be."""
    assert {rule.code for rule in RULES if FixPlace.IMAGE in rule.fixed_in} == set(CORPUS)
