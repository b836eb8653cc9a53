"""The GPU that a probe saw, judged from the image's files as if it had been asked about with --gpu and --driver."""

from dataclasses import replace
from typing import Any

from layerscope.audit.blocked import block_verdicts
from layerscope.audit.result import AuditResult
from layerscope.errors import UsageError
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.facts.cuda.gpu_target import GpuTarget, parse_gpu
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.cuda.judge import judge_gpus
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import parse_driver
from layerscope.policies.policies import Policies
from layerscope.probe.observation import Observation
from layerscope.rules.registry import RULES
from layerscope.rules.run import check_rules


def judge_probed_gpu(result: AuditResult, seen: Observation, policies: Policies) -> AuditResult:
    """The audit with a verdict on that GPU, and what rules say of it.

    It stays as it was where the user asked about a GPU, and for an image without device code, which wants none.
    """
    stage = seen.find("driver")
    if result.facts.find(LibraryCode) is None:
        return result
    target = _find_target(stage.values, policies) if stage is not None else None
    if stage is None or target is None or any(verdict.is_asked for verdict in result.gpus):
        return result
    architecture = result.image.config.architecture
    driver = _find_driver(stage.values)
    verdicts = judge_gpus(result.facts, policies, (target,), driver, architecture=architecture)
    rest = [fact for fact in result.facts if not isinstance(fact, GpuVerdict)]
    codes = frozenset(rule.code for rule in RULES if GpuVerdict in rule.needs)
    kept = tuple(finding for finding in result.findings if finding.code not in codes)
    findings = (*kept, *check_rules(FactSet([*rest, *verdicts]), select=codes))
    facts = FactSet([*rest, *block_verdicts(verdicts, findings, result.facts)])
    return replace(result, facts=facts, findings=findings)


def _find_target(values: dict[str, Any], policies: Policies) -> GpuTarget | None:
    """The first GPU, by its name or else by its capability; None where no table knows either."""
    devices = values.get("devices")
    first = devices[0] if isinstance(devices, list) and devices else None
    if not isinstance(first, dict):
        return None
    for key in ("name", "compute_capability"):
        try:
            return parse_gpu(str(first.get(key, "")), policies.gpu_arch)
        except UsageError:
            continue
    return None


def _find_driver(values: dict[str, Any]) -> str:
    """The driver's version, as NVML tells it; empty where it does not."""
    management = values.get("management")
    told = str(management.get("driver", "")) if isinstance(management, dict) else ""
    try:
        parse_driver(told)
    except UsageError:
        return ""
    return told
