"""The JSON format: an audit as the report of version 1."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, get_args

from layerscope.audit.result import AuditResult
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.os_release import OsRelease
from layerscope.filesystem.weight import Weight
from layerscope.fixes.plan import plan_fixes
from layerscope.report.context import RenderContext
from layerscope.report.facts_json import FAMILIES, FamilyFacts, build_family
from layerscope.report.format import Format
from layerscope.report.gpu_json import build_gpu
from layerscope.report.instruction import tell_created_by
from layerscope.report.json_parts import build_image, build_layers, build_process, build_tool
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import (
    ConfidenceName,
    FactsV1,
    FindingV1,
    GapV1,
    LocationV1,
    OsReleaseV1,
    ReportV1,
    SeverityName,
    SummaryV1,
    SystemV1,
    VerdictName,
    WeightV1,
)
from layerscope.report.origin import find_finding_origin, find_layer
from layerscope.report.places import root_path
from layerscope.report.plan_json import build_fix, build_plan
from layerscope.report.probe_json import build_probe
from layerscope.rules.finding import Finding, Location
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Confidence, Severity

_SEVERITIES: Final[dict[Severity, SeverityName]] = {Severity[name.upper()]: name for name in get_args(SeverityName)}
_CONFIDENCES: Final[dict[Confidence, ConfidenceName]] = {
    Confidence[name.upper()]: name for name in get_args(ConfidenceName)
}


class JsonFormat(Format):
    """For programs; `report/json_v1.schema.json` is its schema."""

    name = "json"
    suffix = ".json"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the report of version 1."""
        return encode_json(build_report(result, context))


def build_report(result: AuditResult, context: RenderContext) -> ReportV1:
    """The whole report as a value."""
    findings = order_findings(result.findings)
    return ReportV1(
        schema_version=1,
        tool=build_tool(),
        image=build_image(result.image, result.layers, result.base),
        layers=build_layers(result.layers, result.weight),
        weight=_build_weight(result.weight, is_whole=result.is_whole),
        facts=build_facts(result),
        gpus=[build_gpu(verdict) for verdict in result.gpus],
        findings=[build_finding(finding, result) for finding in findings],
        gaps=[GapV1(gap.what, gap.where, gap.why) for gap in sorted(result.gaps)],
        probe=build_probe(result.probed),
        plan=build_plan(plan_fixes(findings, base_layers=result.base_layers)),
        summary=_build_summary(result, context),
    )


def _build_weight(weight: Weight, *, is_whole: bool) -> WeightV1:
    return WeightV1(
        total=weight.total,
        visible=weight.visible,
        hidden=weight.hidden,
        removed=weight.removed,
        repeated=weight.repeated,
        wasted=weight.wasted,
        dive_wasted=weight.dive_wasted if is_whole else None,
        efficiency=round(weight.efficiency, 6) if is_whole else None,
        complete=is_whole,
    )


def build_facts(result: AuditResult, *, families: Sequence[str] = FAMILIES, leaves_out_base: bool = False) -> FactsV1:
    """What the image contains, by family; null for a family that is not asked for."""

    def build(family: str) -> FamilyFacts | None:
        return build_family(result, family, leaves_out_base=leaves_out_base) if family in families else None

    observed = build("system")
    return FactsV1(
        system=None if observed is None else SystemV1(_build_os_release(result.facts), observed),
        elf=build("elf"),
        python=build("python"),
        cuda=build("cuda"),
        models=None,
        process=build_process(result.image.config.runtime),
    )


def _build_os_release(facts: FactSet) -> OsReleaseV1 | None:
    release = facts.find(OsRelease)
    if release is None:
        return None
    return OsReleaseV1(release.id, release.version_id, release.code_name, release.pretty_name)


def build_finding(finding: Finding, result: AuditResult) -> FindingV1:
    """One finding, with where it lies."""
    return FindingV1(
        code=finding.code,
        rule=finding.rule,
        title=finding.title,
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        confidence=_CONFIDENCES[finding.confidence],
        origin=find_finding_origin(finding, result),
        wasted=finding.wasted,
        locations=[_build_location(place, result) for place in finding.locations],
        fixes=list(map(build_fix, finding.fixes)),
        confirmed=finding.confirmed or None,
    )


def _build_location(place: Location, result: AuditResult) -> LocationV1:
    layer = find_layer(place, result)
    return LocationV1(
        path=None if place.path is None else root_path(place.path),
        layer=place.layer,
        layer_digest=str(layer.digest) if layer and layer.digest else None,
        created_by=tell_created_by(layer.step) if layer else None,
    )


def _build_summary(result: AuditResult, context: RenderContext) -> SummaryV1:
    counts = Counter(finding.severity for finding in result.findings)
    return SummaryV1(
        counts_by_severity={name: counts[severity] for severity, name in _SEVERITIES.items()},
        ignored=result.ignored,
        verdict=_judge(result, context),
        exit_code=context.exit_code,
    )


def _judge(result: AuditResult, context: RenderContext) -> VerdictName:
    if not result.is_intact:
        return "damaged"
    return "failed" if context.exit_code else "passed"
