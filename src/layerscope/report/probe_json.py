"""A probe as a program reads it."""

from collections.abc import Sequence

import msgspec

from layerscope.facts.probe.live_libraries import LiveLibraries
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import Verdict
from layerscope.report.json_parts import head_document
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1_probe import (
    IsolationWarningV1,
    KnownErrorV1,
    LiveLibrariesV1,
    ProbeStageV1,
    ProbeStatusName,
    ProbeV1,
    ProbeVerdictV1,
)
from layerscope.report.places import root_path
from layerscope.report.probe_recipe import build_recipe_json
from layerscope.report.probe_variants import build_needs, build_variants
from layerscope.rules.finding import Finding


def render_probe_json(image: str, probed: Probed, findings: Sequence[Finding] = ()) -> str:
    """The report's head, its `probe`, and what rules found in it."""
    told = [
        {
            "code": each.code,
            "rule": each.rule,
            "severity": str(each.severity),
            "message": each.message,
            "confirmed": each.confirmed or None,
        }
        for each in findings
    ]
    document = {"image": {"reference": image}, "probe": build_probe(probed), "findings": told}
    return encode_json({**head_document(), **document})


def build_probe(probed: Probed | None) -> ProbeV1:
    """The `probe` of a report."""
    if probed is None:
        return ProbeV1("not requested", [], None, [], {})
    seen, verdict = probed.seen, probed.verdict
    if seen is None or verdict is None:
        return ProbeV1("not run", [], None, [], {}, refusal=probed.refusal)
    driver = seen.find("driver")
    return ProbeV1(
        status=_find_status(verdict),
        stages=[_build_stage(stage) for stage in seen.stages],
        verdict=_build_verdict(verdict),
        devices=driver.values.get("devices", []) if driver is not None else [],
        observations=_list_observations(seen),
        seconds=seen.seconds,
        logs=seen.logs,
        confirmed=list(probed.confirmed),
        libraries=_build_libraries(probed.libraries),
        variants=build_variants(seen, probed.trials),
        needs=build_needs(probed.trials),
        warnings=[IsolationWarningV1(each.kind, each.text, each.cure) for each in probed.warnings],
        recipe=build_recipe_json(probed.trials, verdict),
    )


def _build_libraries(live: LiveLibraries | None) -> LiveLibrariesV1 | None:
    if live is None:
        return None
    injected, foreign = ([root_path(path) for path in paths] for paths in (live.injected, live.foreign))
    return LiveLibrariesV1(live.count, injected, foreign, live.compared)


def _find_status(verdict: Verdict) -> ProbeStatusName:
    if verdict.is_good:
        return "passed"
    return "unproved" if verdict.outcome == "unproved" else "failed"


def _list_observations(seen: Observation) -> dict[str, object]:
    return {stage.name: stage.values for stage in seen.stages if stage.values}


def _build_stage(stage: StageResult) -> ProbeStageV1:
    return ProbeStageV1(
        name=stage.name,
        status=stage.status,
        seconds=stage.seconds,
        kind=stage.kind or None,
        detail=stage.detail,
        wait=msgspec.to_builtins(stage.wait) if stage.wait is not None else None,
    )


def _build_verdict(verdict: Verdict) -> ProbeVerdictV1:
    known = verdict.known
    return ProbeVerdictV1(
        outcome=str(verdict.outcome),
        title=verdict.title,
        root=verdict.root,
        kind=verdict.kind,
        reason=verdict.reason,
        cures=list(verdict.cures),
        consequences=list(verdict.consequences),
        unproved=list(verdict.unproved),
        device=verdict.device,
        remarks=list(verdict.remarks),
        known=KnownErrorV1(known.id, known.meaning, list(known.cures)) if known is not None else None,
        cause=verdict.cause,
        explained_by=list(verdict.explained_by),
    )
