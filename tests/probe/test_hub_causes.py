"""What a verdict says of the hub: by the stage that looks a model up, by a server's log, and by the image's files."""

import pytest

from layerscope.probe.hub_state import HubState, read_hub_state
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.payload import hub_cache
from layerscope.probe.verdict import judge

PLACE = "/opt/hub/hub/models--acme--tiny"
MESSAGE = (
    "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached "
    "files.\nCheck your internet connection or see how to run the library in offline mode at 'https://x'."
)
NEAR = HubState(hub_cache.HUB_OTHER_NAME, "acme/tiny is not cached: /opt holds acme/Tiny", {"near": "acme/Tiny"})


def look_up(told: object) -> StageResult:
    """A look-up that failed, and what the payload says of the cache."""
    kind = str(told.get("kind")) if isinstance(told, dict) else "hub-lookup"
    return StageResult("own-lookup", "failed", kind=kind, detail=MESSAGE, values={"hub": told})


def fail_to_listen(*, log: str = MESSAGE, hub: HubState | None = None) -> Observation:
    """A server that ended with that in its log."""
    last = log.splitlines()[-1]
    detail = f"the server ended with exit code 1; the last line that it printed: {last}"
    stage = StageResult("listen", "failed", kind="error", detail=detail, values={"code": 1})
    return Observation((stage,), logs={"serving stderr": log}, hub=hub, is_complete=True)


def test_a_look_up_is_explained_by_what_its_cache_lacks() -> None:
    """With the place, and commands that can be pasted whatever an image calls its folders."""
    told = {
        "kind": hub_cache.HUB_NO_REF,
        "detail": f"{PLACE} has no refs/main",
        "place": f"{PLACE};x",
        "revision": "4d",
    }
    verdict = judge(Observation((look_up(told),), is_complete=True))
    assert (verdict.root, verdict.kind, verdict.reason) == ("own-lookup", "hub-no-ref", f"{PLACE} has no refs/main")
    assert f"or write it: RUN mkdir -p '{PLACE};x'/refs && printf 4d > '{PLACE};x'/refs/main" in verdict.cures


@pytest.mark.parametrize("told", [None, "x", {"kind": "hub-invented"}, {"kind": ["x"]}, {}])
def test_what_no_payload_says_is_not_believed(told: object) -> None:
    """An image can write records, too; the stage is then told as before."""
    assert read_hub_state(told) is None
    verdict = judge(Observation((look_up(told),), is_complete=True))
    assert verdict.root == "own-lookup"
    assert MESSAGE in verdict.reason or verdict.kind != "hub-lookup"


def test_the_files_go_before_a_process_that_may_not_see_them() -> None:
    """Another user's home is closed to whoever probes."""
    told = {"kind": hub_cache.HUB_NOT_CACHED, "detail": "nothing of it is cached", "name": "acme/tiny"}
    elsewhere = HubState(hub_cache.HUB_ELSEWHERE, "it lies in /home/a", {"setting": "HF_HOME=/home/a"})
    verdict = judge(Observation((look_up(told),), hub=elsewhere, is_complete=True))
    assert verdict.reason == "it lies in /home/a"
    verdict = judge(Observation((look_up(told),), is_complete=True))
    assert verdict.reason == "nothing of it is cached"


def test_a_server_that_finds_no_model_is_explained_by_the_files() -> None:
    """Its message is the same whatever the cache lacks; without that it has the cures of the known error."""
    verdict = judge(fail_to_listen(hub=NEAR))
    assert verdict.reason == f"{NEAR.detail}; the server ended with exit code 1"
    assert verdict.cures[0] == "Name what is cached: acme/Tiny"
    verdict = judge(fail_to_listen())
    assert verdict.known is not None
    assert verdict.known.id == "hub-offline"
    assert any("HF_HUB_OFFLINE=1" in cure for cure in verdict.cures)


def test_the_tries_of_a_start_are_counted() -> None:
    """They are what made it slow."""
    log = "".join(f"Retrying in {each}s [Retry {each}/5].\n" for each in range(1, 6)) + MESSAGE
    assert "asked the hub 5 times again" in judge(fail_to_listen(log=log, hub=NEAR)).reason
    verdict = judge(fail_to_listen(log=log))
    assert "asked the hub 5 times again" in verdict.reason
    assert verdict.cures


def test_a_server_that_fails_otherwise_is_none_of_the_hubs() -> None:
    """Though its cache has a fault."""
    verdict = judge(fail_to_listen(log="ValueError: no such option", hub=NEAR))
    assert "acme/Tiny" not in verdict.reason


@pytest.mark.parametrize(
    ("hub", "stage", "is_told"),
    [
        (NEAR, None, True),
        (NEAR, StageResult("own-lookup", "passed"), False),
        (HubState(hub_cache.HUB_WHOLE, "it is cached"), None, False),
        (HubState("hub-aside", "it lies in /models"), None, False),
        (None, None, False),
    ],
)
def test_a_fault_that_broke_nothing_is_a_remark(
    hub: HubState | None, stage: StageResult | None, *, is_told: bool
) -> None:
    """And a cache that is whole, or found all the same, is none."""
    stages = (stage,) if stage is not None else ()
    remarks = judge(Observation(stages, hub=hub, is_complete=True)).remarks
    assert any("acme/Tiny" in each for each in remarks) is is_told
    assert len(remarks) == is_told


def read(kind: str, **values: object) -> HubState:
    """A state of acme/tiny, as it is told by who has looked."""
    state = read_hub_state({"kind": kind, "detail": "x", "name": "acme/tiny", "place": PLACE, **values})
    assert state is not None
    return state


SERVED = StageResult("chat-16", "passed", values={"text": "Hello"})


def test_a_server_that_gives_a_text_has_found_its_model() -> None:
    """Whatever a look-up by name or the files say; one that gives none has proved nothing."""
    told = {"kind": hub_cache.HUB_NO_REF, "detail": f"{PLACE} has no refs/main"}
    stage = look_up(told)
    verdict = judge(Observation((stage, SERVED), hub=NEAR, is_complete=True))
    assert (verdict.root, verdict.is_good, verdict.remarks) == ("", True, ())
    silent = StageResult("chat-16", "passed", values={"text": " "})
    assert judge(Observation((stage, silent), hub=NEAR, is_complete=True)).root == "own-lookup"
    waiting = StageResult("own-lookup", "hung", kind="hang")
    assert judge(Observation((waiting, SERVED), is_complete=True)).root == "own-lookup"


@pytest.mark.parametrize("kind", [hub_cache.HUB_NOT_CACHED, hub_cache.HUB_INCOMPLETE, hub_cache.HUB_NO_SNAPSHOT])
def test_a_download_is_no_use_where_the_client_asks_nobody(kind: str) -> None:
    """It is told to ask once; and it is not told to be offline where it is."""
    online, offline = " ".join(read(kind).cures), " ".join(read(kind, offline=True).cures)
    assert "RUN hf download acme/tiny" in online
    assert "RUN HF_HUB_OFFLINE=0 hf download acme/tiny" in offline
    assert "HF_HUB_OFFLINE=1" not in offline
    assert "at every start" not in offline


def test_a_name_that_is_not_alike_is_no_cure() -> None:
    """The detail says what is cached."""
    others = ["BAAI/bge-small-en"]
    assert read(hub_cache.HUB_OTHER_NAME, near="", others=others, client="1.2.0").cures == (
        "Cache what is named: RUN hf download acme/tiny, and ENV HF_HUB_OFFLINE=1",
    )
    assert read(hub_cache.HUB_OTHER_NAME, near="acme/Tiny", others=others).cures[0] == "Name what is cached: acme/Tiny"


def test_a_closed_home_is_to_be_opened() -> None:
    """Each folder on the way, quoted by itself."""
    closed = read(hub_cache.HUB_ELSEWHERE, other="/home/o/.cache/huggingface/hub", closed=["/home/o", "/home/o/a b"])
    assert "ENV HF_HOME=/home/o/.cache/huggingface" in closed.cures[0]
    assert "RUN chmod a+x /home/o '/home/o/a b' && chmod -R a+rX /home/o/.cache/huggingface/hub" in closed.cures[1]
    is_open = read(hub_cache.HUB_ELSEWHERE, other="/home/o/.cache/huggingface/hub", closed=[])
    assert "chmod" not in " ".join(is_open.cures)


def test_a_closed_folder_above_a_cache_is_opened_first() -> None:
    """Each by itself; a cache that is closed alone needs no more than its own permissions."""
    closed = read(hub_cache.HUB_UNREADABLE, cache="/c/data/hub", closed=["/c/data"])
    assert "RUN chmod a+x /c/data && chmod -R a+rX /c/data/hub" in closed.cures[0]
    alone = read(hub_cache.HUB_UNREADABLE, cache="/c/data/hub", closed=[])
    assert alone.cures[0] == "Let the container's user read it: RUN chmod -R a+rX /c/data/hub"


def test_a_cache_that_goes_before_the_others_is_named_by_its_variable() -> None:
    """The hub's own ones would not be heeded."""
    told = read(hub_cache.HUB_ELSEWHERE, other="/c/hub", variable="TRANSFORMERS_CACHE=/t")
    assert "ENV TRANSFORMERS_CACHE=/c/hub" in told.cures[0]


@pytest.mark.parametrize(
    ("version", "command"),
    [("0.33.9", "huggingface-cli"), ("0.34.0", "hf"), ("0.9", "huggingface-cli"), ("1.2.0", "hf"), ("x", "hf")],
)
def test_a_download_is_the_command_of_the_version(version: str, command: str) -> None:
    """`hf` is there from 0.34 on; where no version is known, the cure says so once."""
    known = read(hub_cache.HUB_INCOMPLETE, client=version).cures
    assert f"RUN {command} download acme/tiny" in known[0]
    assert "before huggingface_hub" not in " ".join(known)
    assert " ".join(read(hub_cache.HUB_OTHER_REVISION).cures).count("before huggingface_hub 0.34") == 1


def test_a_cache_without_weights_is_no_fault() -> None:
    """Only a server that has asked the hub for them is told to download them."""
    state = read(hub_cache.HUB_NO_WEIGHTS)
    assert judge(Observation((), hub=state, is_complete=True)).remarks == ()
    assert "RUN hf download acme/tiny" in " ".join(judge(fail_to_listen(hub=state)).cures)


def test_an_environment_is_cured_in_the_words_of_a_shell() -> None:
    """It has no Dockerfile."""
    told = {"kind": hub_cache.HUB_NO_REF, "detail": "x", "place": PLACE, "revision": "4d"}
    verdict = judge(Observation((look_up(told),), is_complete=True, is_here=True))
    assert verdict.cures[0] == f"Copy the whole {PLACE}, refs included"
    assert verdict.cures[1].startswith(f"or write it: mkdir -p {PLACE}/refs")
    kinds = [value for name, value in vars(hub_cache).items() if name.startswith("HUB_") and isinstance(value, str)]
    for kind in kinds:
        text = " ".join(read(kind, near="a/b", closed=["/c"], other="/c/hub").list_cures(is_here=True))
        assert not {"RUN", "ENV", "COPY"} & set(text.split()), text
