"""Which layers are the base image's: named, claimed, or known from an earlier audit; and what is left out with them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from layerscope.audit.base_image import BASE_DIGEST, BASE_NAME, BY_KNOWN_IMAGE, keep_stack
from layerscope.audit.ignore_base import ignore_base
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.errors import UsageError
from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.facts.fact_set import FactSet
from layerscope.image.chain import chain_ids
from layerscope.layers.cache import LayerCache
from layerscope.rules.finding import Location
from layerscope.rules.severity import Confidence
from layerscope.sources.select import select_source
from support.built_image import BuiltImage, render_json
from support.gpu_facts import verdict
from support.images import load_fixture, write_oci_layout

Audit = Callable[[BuiltImage, str], AuditResult]

WASTEFUL = load_fixture("wasteful-build")


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Audits an image as a layout of that name, always with the same cache."""
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)

    def run(image: BuiltImage, name: str) -> AuditResult:
        write_oci_layout(image, tmp_path / name)
        return audit_image(select_source(f"oci-dir:{tmp_path / name}"), options=options)

    return run


def lowest_layers(image: BuiltImage, count: int) -> BuiltImage:
    """The image that the lowest layers make alone."""
    (variant,) = image.variants
    config = json.loads(variant.config)
    config["rootfs"]["diff_ids"] = config["rootfs"]["diff_ids"][:count]
    del config["history"]
    return replace(
        image, variants=(replace(variant, layers=variant.layers[:count], config=render_json(config)),), tag="base:1"
    )


def test_an_image_audited_before_is_a_base(audit: Audit) -> None:
    """The longest stack that makes a known image of another name is the base, and the report says so."""
    for count in (1, 3):
        audit(lowest_layers(WASTEFUL, count), f"base{count}")
    result = audit(WASTEFUL, "whole")
    assert result.base is not None
    assert (result.base.layers, result.base.evidence) == (3, BY_KNOWN_IMAGE)
    assert "base3" in result.base.reference


def test_an_image_is_no_base_of_itself(audit: Audit) -> None:
    """Nor of another build of the same name: all layers shared, or the same place."""
    audit(WASTEFUL, "whole")
    assert audit(WASTEFUL, "whole").base is None
    assert audit(WASTEFUL, "copy").base is None


@pytest.mark.parametrize("reference", [f"docker:sha256:{'0' * 64}", "sha256:" + "0" * 64, "0" * 64])
def test_an_image_that_is_named_by_its_id_is_no_base_later(audit: Audit, tmp_path: Path, reference: str) -> None:
    """The ID does not say of which image it is a build."""
    image = audit(lowest_layers(WASTEFUL, 2), "low").image
    cache = LayerCache(tmp_path / "other", fingerprint=cache_fingerprint())
    keep_stack(replace(image, reference=reference), cache)
    top = chain_ids(image.config.rootfs)[-1]
    assert not list(cache.find_stack(top))
    keep_stack(image, cache)
    assert list(cache.find_stack(top))


def test_a_claim_is_proved_by_an_earlier_audit(audit: Audit) -> None:
    """An annotation that names the manifest of an image audited before counts its layers; else it counts none."""
    base = audit(lowest_layers(WASTEFUL, 2), "base")
    claims = {BASE_NAME: "docker.io/library/base:1", BASE_DIGEST: str(base.image.manifest_digest)}
    result = audit(replace(WASTEFUL, annotations=claims), "claiming")
    assert result.base is not None
    assert (result.base.layers, result.base.evidence) == (2, "annotation and layer prefix")
    wrong = {BASE_NAME: "docker.io/library/base:1", BASE_DIGEST: "sha256:" + "0" * 64}
    other = audit(replace(load_fixture("demo"), annotations=wrong), "other")
    assert other.base is not None
    assert (other.base.layers, other.base.evidence) == (0, "annotation")


def test_findings_of_the_base_are_left_out_and_counted(audit: Audit) -> None:
    """What lies in the base's layers alone goes; what is one's own, or about no layer, stays."""
    audit(lowest_layers(WASTEFUL, 3), "base")
    result = audit(WASTEFUL, "whole")
    in_base = structs.replace(result.findings[0], code="LAY999", locations=(Location(0), Location(2)))
    in_both = structs.replace(in_base, locations=(Location(2), Location(3)))
    of_config = structs.replace(in_base, locations=(Location(),))
    damage = structs.replace(in_base, code="LAY001")
    kept = ignore_base(replace(result, findings=(in_base, in_both, of_config, damage)))
    assert (kept.findings, kept.ignored) == ((in_both, of_config, damage), 1)


def test_answers_about_gpus_are_never_left_out(audit: Audit) -> None:
    """What was asked about fails in the base as it does elsewhere; so does what blocks it, whatever the rule."""
    audit(lowest_layers(WASTEFUL, 3), "base")
    result = audit(WASTEFUL, "whole")
    in_base = structs.replace(result.findings[0], code="CUDA006", locations=(Location(1),))
    answer = structs.replace(in_base, is_answer=True)
    blocker = structs.replace(in_base, code="ELF001", ends_gpu_work=True, confidence=Confidence.HIGH)
    blocked = structs.replace(verdict(Verdict.NONE, Cause.BLOCKED), driver="")
    result = replace(result, findings=(in_base, answer, blocker))
    assert ignore_base(result).findings == (answer,)
    asked = replace(result, facts=FactSet([blocked]))
    assert (ignore_base(asked).findings, ignore_base(asked).ignored) == ((answer, blocker), 1)
    unasked = replace(result, facts=FactSet([structs.replace(blocked, is_asked=False)]))
    assert ignore_base(unasked).findings == (answer,)


def test_a_base_that_is_not_known_cannot_be_ignored(audit: Audit) -> None:
    """The error says what is missing, rather than hiding nothing in silence."""
    with pytest.raises(UsageError, match="name the base image with --base"):
        ignore_base(audit(WASTEFUL, "whole"))
