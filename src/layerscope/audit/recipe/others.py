"""Findings that are cured by flags and have no setting of their own here: they are named, so that none is lost."""

from collections.abc import Collection, Iterator
from typing import Final

from layerscope.audit.recipe.ground import Ground, of_finding
from layerscope.recipe.setting import LeftOut
from layerscope.rules.fix import FixKind

MOST: Final = 10
"""Findings that are named."""


def derive_others(ground: Ground, told: Collection[str]) -> Iterator[LeftOut]:
    """One row for each finding with such a fix whose code no setting bears."""
    rows: dict[str, LeftOut] = {}
    for finding in ground.result.findings:
        fix = next((fix for fix in finding.fixes if fix.kind is FixKind.RUN_FLAGS), None)
        if fix is not None and finding.code not in told and finding.code not in rows:
            how = f": {'; '.join(fix.steps[:2])}" if fix.steps else ""
            rows[finding.code] = LeftOut(finding.code, f"{finding.message}. {fix.title}{how}", of_finding(finding.code))
    yield from list(rows.values())[:MOST]
