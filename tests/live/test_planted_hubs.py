"""Images whose model is named as the hub names it, with one fault of the cache or of a start each; and sound ones."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import exit_codes
from layerscope.probe.payload import hub_cache
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.spec import OWN_STAGES
from support import chat_templates as templates
from support.hub_caches import NAME, put_in_cache
from support.live_probe import Probed
from support.planted_bench import Bench, Expected, assert_broken, assert_sound
from support.planted_images import PLAIN, TORCH, list_tree, start_with
from support.tar_writer import TarMember, directory, file

STUB: Final = (Path(__file__).parents[1] / "support/stub_server.py").read_bytes()
PYTHON: Final = b"#!/usr/local/bin/python3\n"
LOAD: Final = b"import sys, transformers\ntransformers.AutoModelForCausalLM.from_pretrained(sys.argv[2])\n"
LOAD_ON_AND_ON: Final = b"""import sys, transformers
while True:
    try:
        transformers.AutoConfig.from_pretrained(sys.argv[2])
    except OSError as error:
        print("starting again after", type(error).__name__)
"""
FORK: Final = b"""import os, sys, threading
MESSAGE = '''huggingface/tokenizers: The current process just got forked, after parallelism has already been used. \
Disabling parallelism to avoid deadlocks...
To disable this warning, you can either:
\t- Avoid using `tokenizers` before the fork if possible
\t- Explicitly set the environment variable TOKENIZERS_PARALLELISM=(true | false)
'''
lock = threading.Lock()
if "--locked" in sys.argv:
    lock.acquire()
worker = os.fork()
if not worker:
    if "TOKENIZERS_PARALLELISM" not in os.environ:
        os.write(2, MESSAGE.encode())
    with lock:
        os._exit(0)
os.waitpid(worker, 0)
"""
"""A server that forks: its child prints what tokenizers 0.21.4 prints there, under the same condition."""

OWN: Final = tuple(OWN_STAGES)
SERVING: Final = tuple(SERVING_STAGES)
HUB, BY_NAME = "opt/hub", ("ENV HF_HOME /opt/hub", f"ENV MODEL_ID {NAME}", "ENV HF_HUB_OFFLINE 1")
SERVED: Final = (*start_with("vllm", "serve", NAME), "ENV HF_HOME /opt/hub", "EXPOSE 8000")
ROOTS: Final = "root/.cache/huggingface"


def put(cache: Path, place: str = HUB) -> tuple[TarMember, ...]:
    """A cache at that place of an image, and the folders above it."""
    parts = place.split("/")
    above = (directory("/".join(parts[:count])) for count in range(1, len(parts)))
    return *above, *list_tree(cache, place)


def put_program(text: bytes) -> TarMember:
    """A program under the name of a server."""
    return file("usr/local/bin/vllm", PYTHON + text, mode=0o755)


def chat(folder: Path) -> None:
    """Give the model a chat template."""
    (folder / "chat_template.jinja").write_text(templates.TEMPLATE)


FAULTS: Final = {
    "no-ref": (Expected("own-lookup", hub_cache.HUB_NO_REF, "error", f"mkdir -p /{HUB}/hub/models--"), BY_NAME),
    "no-blobs": (Expected("own-lookup", hub_cache.HUB_NO_BLOBS, "error", "blobs included"), BY_NAME),
    "other-home": (
        Expected("own-lookup", hub_cache.HUB_ELSEWHERE, "error", f"ENV HF_HOME=/{ROOTS}"),
        ("USER 1000", *BY_NAME[1:]),
    ),
}
"""What is said of each fault, and the image's settings."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_one_message_of_the_hub_has_a_cause_of_its_own(fault: str, torch: Bench, tmp_path: Path) -> None:
    """A part that was not copied, or the home of another user: transformers says the same of all."""
    put_in_cache(tmp_path / "hf", has_ref=fault != "no-ref", has_blobs=fault != "no-blobs")
    expected, changes = FAULTS[fault]
    files = put(tmp_path / "hf", ROOTS if fault == "other-home" else HUB)
    probed = torch.probe(TORCH, f"hub-{fault}", *files, changes=changes, options=["--no-server"])
    assert_broken(probed, expected, OWN[1:])
    stage = next(each for each in probed.document["probe"]["stages"] if each["name"] == "own-lookup")
    assert "We couldn't connect to" in stage["detail"]


@pytest.mark.slow
def test_a_model_in_roots_home_is_found_for_root(torch: Bench, tmp_path: Path) -> None:
    """The neighbour of another user's: whoever probes is nobody, and the image's own user is root."""
    put_in_cache(tmp_path / "hf")
    probed = torch.probe(TORCH, "hub-root", *put(tmp_path / "hf", ROOTS), changes=BY_NAME[1:], options=["--no-server"])
    assert_sound(probed)
    assert "the image's own model generates on the CPU" in probed.document["probe"]["verdict"]["title"]


@pytest.mark.slow
def test_a_server_that_names_another_model_is_told_the_nearest(torch: Bench, tmp_path: Path) -> None:
    """It ends with the same message, and no stage looks up what is not there."""
    put_in_cache(tmp_path / "hf", "layerscope/Canary-1b")
    files = (*put(tmp_path / "hf"), put_program(LOAD))
    probed = torch.probe(TORCH, "hub-name", *files, changes=[*SERVED, "ENV HF_HUB_OFFLINE 1"])
    cure = "Name what is cached: layerscope/Canary-1b"
    assert_broken(probed, Expected("listen", "error", "error", cure), SERVING[1:])
    assert probed.document["probe"]["verdict"]["known"]["id"] == "hub-offline"


@pytest.mark.slow
def test_a_server_whose_model_is_cached_reports_nothing(torch: Bench, tmp_path: Path) -> None:
    """The neighbour of all servers here: it loads the model by its name, and then serves."""
    put_in_cache(tmp_path / "hf", change=chat)
    files = (*put(tmp_path / "hf"), put_program(LOAD + STUB))
    assert_sound(torch.probe(TORCH, "hub-served", *files, changes=[*SERVED, "ENV HF_HUB_OFFLINE 1"]))


@pytest.mark.slow
def test_a_hub_whose_name_is_not_resolved_makes_a_start_slow(torch: Bench) -> None:
    """It ends after half a minute of tries, or is cut while it tries."""

    def run(program: bytes) -> Probed:
        is_cut = program is LOAD_ON_AND_ON
        options = ["--patience", "0.08"] if is_cut else []
        name = f"hub-retry-{'cut' if is_cut else 'ends'}"
        return torch.probe(TORCH, name, put_program(program), changes=SERVED, options=options)

    with ThreadPoolExecutor(2) as pool:
        ends, cut = pool.map(run, (LOAD, LOAD_ON_AND_ON))
    assert_broken(ends, Expected("listen", "error", "error", "HF_HUB_OFFLINE=1"), SERVING[1:])
    assert_broken(cut, Expected("listen", "hang", "hang", "HF_HUB_OFFLINE=1"), SERVING[1:])
    assert cut.document["probe"]["verdict"]["known"]["id"] == "hub-retry"
    for probed in (ends, cut):
        reason = probed.document["probe"]["verdict"]["reason"]
        assert "its client asked the hub" in reason
        assert "nothing of layerscope/canary is cached in the image" in reason


def probe_fork(plain: Bench, name: str, *more: str, options: Sequence[str] = (), changes: Sequence[str] = ()) -> Probed:
    """A server that forks, on a Python without packages."""
    started = [*start_with("vllm", "serve", "/models/stub", *more), "EXPOSE 8000", *changes]
    return plain.probe(PLAIN, name, put_program(FORK + STUB), changes=started, options=options)


def test_a_fork_after_tokenizing_is_a_remark_where_all_goes_well(plain: Bench) -> None:
    """With the cure, after which nothing is said."""
    code, document, talk = probe_fork(plain, "forks")
    assert code == exit_codes.CLEAN, (document, talk)
    (remark,) = document["probe"]["verdict"]["remarks"]
    assert "TOKENIZERS_PARALLELISM=false" in remark
    assert_sound(probe_fork(plain, "forks-cured", changes=["ENV TOKENIZERS_PARALLELISM false"]))


@pytest.mark.slow
def test_a_fork_after_tokenizing_is_the_cause_where_a_start_hangs(plain: Bench) -> None:
    """The child waits for a lock that no thread of its own holds."""
    probed = probe_fork(plain, "forks-locked", "--locked", options=["--patience", "0.06"])
    assert_broken(probed, Expected("listen", "hang", "hang", "TOKENIZERS_PARALLELISM=false"), SERVING[1:])
    assert probed.document["probe"]["verdict"]["known"]["id"] == "tokenizers-fork"
