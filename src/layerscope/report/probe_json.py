"""A probe as a program reads it."""

import msgspec

from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.verdict import Verdict
from layerscope.report.json_parts import head_document
from layerscope.report.json_text import encode_json
from layerscope.report.probe_memory import build_memory


def render_probe_json(image: str, seen: Observation, verdict: Verdict) -> str:
    """The report's head and its `probe`."""
    return encode_json({**head_document(), "image": {"reference": image}, "probe": build_probe(seen, verdict)})


def build_probe(seen: Observation, verdict: Verdict) -> dict[str, object]:
    """The `probe` of a report."""
    driver = seen.find("driver")
    devices = driver.values.get("devices", []) if driver is not None else []
    return {
        "status": "passed" if verdict.is_good else "failed" if verdict.root else "unproved",
        "stages": [_build_stage(stage) for stage in seen.stages],
        "verdict": msgspec.to_builtins(verdict),
        "devices": devices,
        "observations": {stage.name: stage.values for stage in seen.stages if stage.values},
        "model": seen.model or None,
        "memory": build_memory(seen),
        "seconds": seen.seconds,
        "logs": seen.logs,
    }


def _build_stage(stage: StageResult) -> dict[str, object]:
    return {
        "name": stage.name,
        "status": stage.status,
        "seconds": stage.seconds,
        "kind": stage.kind or None,
        "detail": stage.detail,
        "wait": msgspec.to_builtins(stage.wait) if stage.wait is not None else None,
    }
