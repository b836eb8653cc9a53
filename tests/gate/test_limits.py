"""Each limit tells what breaks it, and leaves its nearest neighbour alone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_struct

from layerscope.audit.result import AuditResult
from layerscope.errors import SettingsError
from layerscope.facts.config.identity import Identity
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Fact
from layerscope.gate.limit import Breach, Limit
from layerscope.gate.limits import LIMITS
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject, measure_size
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity
from support.gpu_facts import verdict
from support.results import ResultRecipe, make_finding, make_result
from support.sample_facts import IDENTITY
from support.tar_writer import TarMember, file, whiteout

WASTEFUL = ([file("opt/data", b"x" * 6000)], [file("opt/kept", b"y" * 2000)], [whiteout("opt/data")])
LEAN = ([file("opt/data", b"x" * 6000)], [file("opt/kept", b"y" * 2000)])


def make(*layers: Sequence[TarMember], facts: Sequence[Fact] = (), findings: Sequence[Finding] = ()) -> AuditResult:
    """An audit of an image with these layers."""
    result = make_result(ResultRecipe(layers=layers, facts=facts, findings=findings))
    return replace(result, image=replace(result.image, config=replace_struct(result.image.config, content=b"{}")))


def check(key: str, value: object, result: AuditResult, *, reference: AuditResult | None = None) -> list[Breach]:
    """What an image breaks of one limit, which is what it measures and finds not kept."""
    limit = next(limit for limit in LIMITS if limit.key == key).read(Setting(key, value))
    subject = Subject("team/llm:1.5", result, reference, "team/llm:1.4")
    breaches, measures = list(limit.check(subject)), list(limit.measure(subject))
    assert {each.limit for each in measures if not each.is_kept} == {breach.limit for breach in breaches}
    assert {each.limit for each in measures} <= set(limit.clauses)
    assert all(each.found and each.allowed for each in measures)
    return breaches


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.key)
def test_a_limit_explains_itself(limit: type[Limit]) -> None:
    """Its key is a flag, and the help says what it is about."""
    assert limit.key == limit.key.lower()
    assert limit.explanation
    assert limit.__doc__


@pytest.mark.parametrize(
    ("key", "broken", "kept"),
    [
        ("max-size", "10kB", "1MB"),
        ("max-layers", 2, 3),
        ("max-wasted", "5kB", "6kB"),
        ("max-wasted", "74%", "75%"),
    ],
)
def test_weight_has_its_limits(key: str, broken: object, kept: object) -> None:
    """An image of three layers, 6 of its 8 kB deleted; the limit itself is within the limit."""
    image = make(*WASTEFUL)
    assert [breach.limit for breach in check(key, broken, image)] == [key]
    assert check(key, kept, image) == []


def test_the_efficiency_is_that_of_dive() -> None:
    """What is deleted lowers it; an image that wastes nothing has 100%."""
    (breach,) = check("min-efficiency", "95%", make(*WASTEFUL))
    assert "expected 95% at least" in breach.message
    assert check("min-efficiency", "100%", make(*LEAN)) == []


def test_what_weighs_most_is_named() -> None:
    """The layer with its bytes."""
    (breach,) = check("max-size", "10kB", make(*WASTEFUL))
    assert breach.detail.startswith("the heaviest is layer 0")


@pytest.mark.parametrize(("most", "is_broken"), [("5kB", True), ("100%", False), ("10%", True), ("20kB", False)])
def test_growth_is_measured_against_the_reference(most: str, is_broken: bool) -> None:
    """One more layer with 7 kB; as bytes, and as a share of the reference."""
    after = make(*LEAN, [file("opt/m/model.safetensors", b"z" * 7000)])
    breaches = check("max-growth", most, after, reference=make(*LEAN))
    assert bool(breaches) is is_broken
    assert all("model m in /opt/m" in breach.detail for breach in breaches)


def test_the_limit_itself_is_kept() -> None:
    """To the byte: of the size, and of the growth."""
    before, after = make(*LEAN), make(*LEAN, [file("opt/more", b"z" * 7000)])
    size = measure_size(after)
    growth = size - measure_size(before)
    assert check("max-size", size, after) == []
    assert check("max-growth", growth, after, reference=before) == []
    assert len(check("max-size", size - 1, after)) == 1
    assert len(check("max-growth", growth - 1, after, reference=before)) == 1


def test_an_image_that_shrinks_has_not_grown() -> None:
    """Less is within every limit."""
    assert check("max-growth", 0, make(*LEAN[:1]), reference=make(*LEAN)) == []


@pytest.mark.parametrize(
    ("least", "kind", "is_broken"),
    [
        ("native", Verdict.NATIVE, False),
        ("native", Verdict.JIT, True),
        ("jit", Verdict.JIT, False),
        ("jit", Verdict.PARTIAL, True),
        ("partial", Verdict.PARTIAL, False),
        ("partial", Verdict.NO_CODE, True),
    ],
)
def test_a_gpu_has_to_come_to_something(least: str, kind: Verdict, is_broken: bool) -> None:
    """The least verdict itself is good enough."""
    assert bool(check("gpu-verdict", least, make(facts=[verdict(kind)]))) is is_broken


def test_gpus_that_nobody_names_are_no_matter() -> None:
    """The table of common GPUs has old ones, too."""
    assert check("gpu-verdict", "native", make(facts=[verdict(Verdict.NONE, is_asked=False)])) == []


def with_driver(one: GpuVerdict) -> GpuVerdict:
    """The verdict with a driver that was asked about."""
    return replace_struct(one, driver="535")


@pytest.mark.parametrize(("cause", "count"), [(Cause.DRIVER_TOO_OLD, 1), (Cause.CODE, 0)])
def test_a_driver_alone_has_to_be_new_enough(cause: Cause, count: int) -> None:
    """Of the common GPUs, what fails for want of code is not the driver's fault; GPUs with one reason share a line."""
    judged = [with_driver(verdict(Verdict.NONE, cause, name=name, is_asked=False)) for name in ("T4", "H100")]
    breaches = check("gpu-verdict", "jit", make(facts=judged))
    assert len(breaches) == count
    assert all("T4, H100 with driver 535" in breach.message for breach in breaches)


def identity(uid: int, name: str) -> Identity:
    """Who the process is."""
    return replace_struct(IDENTITY, specification=name, uid=uid, user_name=name)


@pytest.mark.parametrize(("name", "uid", "count"), [("root", 0, 1), ("other", 1001, 0)])
def test_a_user_that_becomes_root_can_be_forbidden(name: str, uid: int, count: int) -> None:
    """By its own name, and by that of any change of the user."""
    before, after = make(facts=[identity(1000, "app")]), make(facts=[identity(uid, name)])
    breaches = check("forbid", ["root-user"], after, reference=before)
    assert [breach.limit for breach in breaches] == ["root-user"] * count
    assert len(check("forbid", ["user-changed"], after, reference=before)) == 1


def test_an_image_that_loses_all_device_code_drops_its_gpus() -> None:
    """A policy that forbids to drop one forbids that, too, whether GPUs were asked about or not."""
    before = make(facts=[verdict(Verdict.NATIVE, Cause.NOTHING, name="H100")])
    for lost in ([], [verdict(Verdict.NO_CODE, Cause.CODE, name="H100")]):
        after = make(facts=lost)
        for name in ("gpu-dropped", "gpu-lost"):
            assert [each.limit for each in check("forbid", [name], after, reference=before)] == ["gpu-lost"]


def test_a_gpu_that_is_dropped_can_be_forbidden() -> None:
    """It ran before, and does not any more."""
    before, after = make(facts=[verdict(Verdict.NATIVE)]), make(facts=[verdict(Verdict.NONE)])
    assert [breach.limit for breach in check("forbid", ["gpu-dropped"], after, reference=before)] == ["gpu-dropped"]
    assert check("forbid", ["gpu-dropped"], before, reference=after) == []


def test_a_raised_driver_can_be_forbidden() -> None:
    """The oldest driver rises; where it falls, nothing is forbidden."""
    low = make(facts=[replace_struct(verdict(Verdict.NATIVE), minimum_driver="525.60.13")])
    high = make(facts=[verdict(Verdict.NATIVE)])
    (breach,) = check("forbid", ["driver-raised"], high, reference=low)
    assert "525.60.13 to 580.65.06" in breach.message
    assert check("forbid", ["driver-raised"], low, reference=high) == []


def test_a_new_secret_can_be_forbidden() -> None:
    """One that was there before is not new."""
    secret = make_finding("CONF011", (0, "app/.netrc"), rule="secret-in-layer", severity=Severity.HIGH)
    clean, leaking = make(*LEAN), make(*LEAN, findings=[secret])
    assert [breach.limit for breach in check("forbid", ["new-secret"], leaking, reference=clean)] == ["new-secret"]
    assert check("forbid", ["new-secret"], leaking, reference=leaking) == []
    assert check("forbid", ["new-finding"], leaking, reference=clean) == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("max-size", "much", "bytes with a unit"),
        ("max-size", True, "bytes with a unit"),
        ("max-layers", 0, "a whole number from 1"),
        ("max-wasted", "5 percent", "bytes with a unit or a share"),
        ("min-efficiency", 95, "a share from 0% to 100%"),
        ("min-efficiency", "101%", "a share from 0% to 100%"),
        ("gpu-verdict", "fine", "one of native, jit, partial"),
        ("forbid", ["root-usr"], "did you mean 'root-user'"),
        ("forbid", 3, "a list of driver-raised"),
    ],
)
def test_a_wrong_value_names_what_was_expected(key: str, value: object, expected: str) -> None:
    """And where it stands."""
    with pytest.raises(SettingsError, match=expected) as caught:
        check(key, value, make(*LEAN))
    assert key in str(caught.value)
