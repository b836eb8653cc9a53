"""The image's model looked up by its name with the real transformers: each fault of the cache is told apart."""

from pathlib import Path

import pytest

from layerscope.probe.local_model import find_local_model
from layerscope.probe.local_run import run_here
from layerscope.probe.model_search import ModelTarget
from layerscope.probe.observation import PASSED, SKIPPED
from layerscope.probe.payload import hub_cache
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Verdict, judge
from layerscope.progress import SilentProgress
from support.hub_caches import NAME, REVISION, put_in_cache
from support.torch_python import find_torch_python


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked, and no setting of this host counts."""
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def see(target: ModelTarget) -> tuple[str, Verdict]:
    """How the look-up ended, and the verdict."""
    spec = ProbeSpec(
        find_torch_python(), ("torch", "transformers"), device="cpu", roles=("model",), model=target, patience=4
    )
    seen = run_here(spec, progress=SilentProgress())
    stage = seen.find("own-lookup")
    assert stage is not None
    return stage.status, judge(seen)


@pytest.mark.parametrize(
    ("has_ref", "kind"), [(False, hub_cache.HUB_NO_REF), (True, hub_cache.HUB_NO_BLOBS)], ids=["no-ref", "no-blobs"]
)
def test_a_part_of_a_cache_is_named(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_ref: bool
) -> None:
    """All are found by their files, and none by its name."""
    place = put_in_cache(tmp_path / "hf", has_ref=has_ref, has_blobs=not has_ref)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    _, verdict = see(find_local_model(NAME))
    assert (verdict.root, verdict.kind) == ("own-lookup", kind), verdict
    assert str(place) in verdict.reason
    assert str(place) in verdict.cures[0]


def test_another_users_home_is_named_and_the_own_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The neighbour of a cache that nobody looks in is the home that the image's own user has."""
    place = put_in_cache(tmp_path / "a/.cache/huggingface")
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "b"))
    target = ModelTarget(str(next((place / "snapshots").iterdir())), "named by the test", name=NAME)
    _, verdict = see(target)
    assert (verdict.root, verdict.kind) == ("own-lookup", hub_cache.HUB_NOT_CACHED), verdict
    status, verdict = see(ModelTarget(target.folder, "x", name=NAME, variables={"HOME": str(tmp_path / "a")}))
    assert (status, verdict.root) == (PASSED, "")


def test_a_revision_that_is_named_is_looked_up_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download by commit writes no reference, and needs none."""
    place = put_in_cache(tmp_path / "hf", has_ref=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    folder = str(place / "snapshots" / REVISION)
    status, verdict = see(ModelTarget(folder, "named by the test", name=NAME, revision=REVISION))
    assert (status, verdict.root) == (PASSED, "")
    _, verdict = see(ModelTarget(folder, "named by the test", name=NAME, revision="v9"))
    assert (verdict.root, verdict.kind) == ("own-lookup", hub_cache.HUB_OTHER_REVISION), verdict


@pytest.mark.parametrize("has_config", [False, True])
def test_a_model_that_is_nowhere_breaks_its_look_up_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_config: bool
) -> None:
    """No folder was found, and there is nothing else to try; a config beside a download that broke off is no model."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    if has_config:
        place = put_in_cache(tmp_path / "hf")
        (place / "snapshots" / REVISION / "model.safetensors").unlink()
        (place / "blobs/model.safetensors").rename(place / "blobs/8f3a.incomplete")
    target = ModelTarget("", "named by the test", name=NAME)
    spec = ProbeSpec(find_torch_python(), ("torch", "transformers"), device="cpu", roles=("model",), model=target)
    seen = run_here(spec, progress=SilentProgress())
    verdict = judge(seen)
    kind = hub_cache.HUB_INCOMPLETE if has_config else hub_cache.HUB_NOT_CACHED
    assert (verdict.root, verdict.kind) == ("own-lookup", kind), verdict
    assert [each.name for each in seen.stages] == ["own-lookup"]
    assert "HF_HUB_OFFLINE=0 hf download" in " ".join(verdict.cures)


def test_a_tokenizer_alone_is_not_called_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own program finds it by its name; that it has no weights is said, and is no fault."""
    place = put_in_cache(tmp_path / "hf")
    (place / "snapshots" / REVISION / "model.safetensors").unlink()
    (place / "blobs/model.safetensors").unlink()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    status, verdict = see(ModelTarget("", "named by the test", name=NAME))
    assert (status, verdict.root) == (SKIPPED, "")
