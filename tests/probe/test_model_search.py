"""An image's own model, found from its command, its environment, a hub's cache, or because it lies there."""

from collections.abc import Iterable

import pytest

from layerscope.facts.fact import Evidence
from layerscope.facts.python.named_models import NamedModel
from layerscope.facts.system.model_words import list_named, split_words
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.probe.model_search import Process, find_model
from layerscope.probe.payload.hub_cache import (
    HUB_ELSEWHERE,
    HUB_INCOMPLETE,
    HUB_NO_WEIGHTS,
    HUB_NOT_CACHED,
    HUB_OTHER_REVISION,
    HUB_WHOLE,
)

WHOLE = ("config.json", "model.safetensors", "tokenizer.json")
REVISION = "4d" * 20


class Folders:
    """Files that are nothing but names, a hundred bytes each."""

    def __init__(self, **folders: Iterable[str]) -> None:
        """Take names by folder, whose slashes are written as two underscores."""
        self.folders = {name.replace("__", "/"): list(names) for name, names in folders.items()}
        self.lost: set[str] = set()
        self.closed: set[str] = set()
        self.references: dict[str, str] = {}

    def list_names(self, folder: str) -> list[str]:
        """The names in a folder, folders among them."""
        below = {each[len(folder) + 1 :].partition("/")[0] for each in self.folders if each.startswith(f"{folder}/")}
        return sorted({*self.folders.get(folder, []), *below})

    def find_size(self, path: str) -> int | None:
        """A hundred bytes for each letter of its folder's name."""
        folder, _, name = path.rpartition("/")
        is_there = "/refs" in path or name in self.list_names(folder)
        return 100 * len(folder) if is_there and path not in self.lost else None

    def find_mode(self, path: str) -> int | None:
        """Open to all, but for those that are closed."""
        return 0o700 if path in self.closed else 0o755

    def find_owner(self, path: str) -> int | None:
        """Root's all."""
        del path
        return 0

    def read_reference(self, path: str) -> str:
        """What a test has put there."""
        return self.references.get(path, "")

    def iter_folders(self, name: str) -> Iterable[str]:
        """Those that hold it."""
        return [folder for folder, names in self.folders.items() if name in names]


def in_cache(place: str) -> Folders:
    """A hub's cache with one model."""
    found = Folders()
    found.folders[f"{place}/models--acme--tiny/snapshots/{REVISION}"] = list(WHOLE)
    return found


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("python3", "serve.py", "--model", "/m"), "/m"),
        (("python3", "-m", "vllm.entrypoints.openai.api_server", "--model=/m"), "/m"),
        (("vllm", "serve", "acme/tiny", "--port", "8000"), "acme/tiny"),
        (("/bin/sh", "-c", "exec python serve.py --model-path '/m o'"), "/m o"),
        (("bash", "-lc", "text-generation-launcher --model-id $MODEL_ID"), "acme/set"),
        (("python", "chat.py", "-m", "/m"), "/m"),
        (("lmdeploy", "serve", "api_server", "acme/tiny"), "acme/tiny"),
        (("trtllm-serve", "/m", "--port", "8000"), "/m"),
        (("trtllm-serve", "serve", "/m"), "/m"),
        (("sh", "-c", "cd /app\nexec vllm serve \\\n  /m \\\n  --port 8000\n"), "/m"),
        (("sh", "-c", "A=$(cat a | tr -d '(' | head -1)\nexec vllm serve /m"), "/m"),
        (("sh", "-c", "A=$(awk -F'(' '{print $2}' a); exec vllm serve ${B:-/m}"), "/m"),
        (("sh", "-c", "vllm serve ${MODEL_ID:-/m} --port ${PORT-80}"), "acme/set"),
        (("sh", "-c", "vllm serve ${B:-/m/${MODEL_ID}}"), "/m/acme/set"),
        (("sh", "-c", "vllm serve ${B}/${MODEL_ID}"), "${B}/acme/set"),
        (("sh", "-c", "vllm serve /m/$(cat name)"), "/m/$(...)"),
        (("bash", "--noprofile", "--norc", "-eo", "pipefail", "-lc", "vllm serve /m"), "/m"),
        (("bash", "-c", "-l", "--", "vllm serve /m"), "/m"),
        (("sh", "-c", "vllm serve $MODEL_ID/$UNSET"), "acme/set/$UNSET"),
        (("sh", "-c", "vllm serve $(pwd)/$MODEL_ID"), "$(...)/acme/set"),
        (("sh", "-c", f"echo {'x' * 40000}\nvllm serve /m"), "/m"),
        (("sh", "-c", "vllm serve /m", "--model", "/o"), "/m"),
    ],
)
def test_a_command_names_a_model(words: tuple[str, ...], value: str) -> None:
    """By an option, behind `serve`, and inside a shell's text."""
    assert list_named(split_words(words), {"MODEL_ID": "acme/set"})[0].value == value


@pytest.mark.parametrize(
    "words",
    [
        ("python3", "-m", "http.server"),
        ("python3", "-u", "-m", "http.server"),
        ("vllm", "serve"),
        ("vllm", "serve", "--port", "8000"),
        ("serve", "/m"),
        ("app", "--model"),
        ("sh", "-c", "app --model; echo done"),
        ("sh", "-c", "vllm serve\necho done"),
        ("sh", "-c", "cat <<EOF\nusage: app --model MODEL\nEOF\nexec app"),
    ],
)
def test_other_words_name_none(words: tuple[str, ...]) -> None:
    """A module behind -m, an option without a value, another program's `serve`."""
    assert list_named(split_words(words), {}) == []


def test_scripts_name_a_model_after_the_command_and_before_the_environment() -> None:
    """Words of all of them, then their variables."""
    started = (
        StartedCommand(
            Evidence(0, "start.sh"), ("vllm", "serve", "/b"), is_handover=True, variables=(("MODEL", "/d"),)
        ),
        StartedCommand(Evidence(0, "inner.sh"), ("python3", "x.py", "--model", "/c"), is_handover=True),
    )
    found = list_named(("/start.sh", "--model", "/a"), {"MODEL": "/e"}, started)
    assert [(each.value, each.evidence) for each in found] == [
        ("/a", "named by --model in the image's command"),
        ("/b", "named by `vllm serve` in /start.sh"),
        ("/c", "named by --model in /inner.sh"),
        ("/d", "named by MODEL in /start.sh"),
        ("/e", "named by MODEL in the image's environment"),
    ]


def test_a_path_is_that_of_the_working_directory() -> None:
    """As the process would take it."""
    search = find_model(Folders(__app__models__tiny=WHOLE), Process(("run", "--model", "models/tiny"), folder="/app"))
    assert search.target is not None
    assert search.target.folder == "/app/models/tiny"
    assert search.target.evidence == "named by --model in the image's command"
    assert search.target.size == 100 * len("/app/models/tiny")


@pytest.mark.parametrize(
    ("place", "environment"),
    [
        ("/data/hub", {"HF_HUB_CACHE": "/data/hub"}),
        ("/data/hub", {"HF_HOME": "/data"}),
        ("/x/huggingface/hub", {"XDG_CACHE_HOME": "/x"}),
        ("/home/app/.cache/huggingface/hub", {}),
        ("/h/.cache/huggingface/hub", {"HOME": "/h"}),
    ],
)
def test_a_name_of_the_hub_is_looked_up_in_its_cache(place: str, environment: dict[str, str]) -> None:
    """Wherever the environment puts it."""
    process = Process(("vllm", "serve", "acme/tiny"), environment, home="/home/app")
    target = find_model(in_cache(place), process).target
    assert target is not None
    assert (target.name, target.folder) == ("acme/tiny", f"{place}/models--acme--tiny/snapshots/{REVISION}")


def test_a_model_that_is_named_and_not_there_is_told() -> None:
    """Nothing else is taken in its place."""
    search = find_model(Folders(__other=WHOLE), Process(environment={"MODEL_ID": "acme/tiny"}))
    assert search.target is None
    assert search.reason == (
        "acme/tiny, named by MODEL_ID in the image's environment, was not found with its config.json and weights: "
        "nothing of acme/tiny is cached in the image: /root/.cache/huggingface/hub (HOME=/root) holds no model"
    )
    assert search.hub is not None
    assert search.hub.kind == HUB_NOT_CACHED


def test_a_folder_that_is_named_and_not_there_is_told() -> None:
    """The hub has nothing to do with it."""
    search = find_model(Folders(__other=WHOLE), Process(environment={"MODEL_ID": "/models/tiny"}))
    assert search.reason.endswith("was not found with its config.json and weights")
    assert search.hub is None


def test_a_cache_of_another_user_is_found_and_told() -> None:
    """So that the probe proves that it is not found by name."""
    search = find_model(in_cache("/root/.cache/huggingface/hub"), Process(("vllm", "serve", "acme/tiny"), home="/"))
    assert search.target is not None
    assert search.target.folder.startswith("/root/.cache/huggingface/hub/models--acme--tiny")
    assert search.hub is not None
    assert search.hub.kind == HUB_ELSEWHERE
    assert any("HF_HOME=/root/.cache/huggingface" in cure for cure in search.hub.cures)


def test_a_cache_that_programs_alone_name_is_no_fault() -> None:
    """As by --download-dir: it is told where it lies, and neither tried nor found fault with."""
    search = find_model(in_cache("/models"), Process(("vllm", "serve", "acme/tiny", "--download-dir", "/models")))
    assert search.target is None
    assert "it lies in /models, where the hub's client looks only if a program names it" in search.reason
    assert search.hub is not None
    assert search.hub.cures == ()


def test_the_cache_of_a_script_and_of_a_home_are_handed_on() -> None:
    """Whoever probes is another user, and does not run the script."""
    script = StartedCommand(
        Evidence(0, "start.sh"), ("vllm", "serve", "acme/tiny"), is_handover=True, variables=(("HF_HOME", "/data"),)
    )
    target = find_model(in_cache("/data/hub"), Process(("/start.sh",), started=(script,))).target
    assert target is not None
    assert target.variables == {"HF_HOME": "/data"}
    in_home = in_cache("/home/app/.cache/huggingface/hub")
    target = find_model(in_home, Process(("vllm", "serve", "acme/tiny"), home="/home/app")).target
    assert target is not None
    assert target.variables == {"HOME": "/home/app"}
    by_variable = Process(("vllm", "serve", "acme/tiny"), {"HOME": "/home/app"}, home="/root")
    target = find_model(in_home, by_variable).target
    assert target is not None
    assert target.variables == {}, "the container has it"


def test_what_lies_in_the_image_is_taken_where_nothing_is_named() -> None:
    """The largest of several; a config without weights is no model."""
    folders = Folders(__a=WHOLE, __longer=WHOLE, __config__alone__and__longest=["config.json"])
    target = find_model(folders, Process(("python3", "app.py"))).target
    assert target is not None
    assert (target.folder, target.evidence) == ("/longer", "the largest of 2 models in the image")
    assert find_model(Folders(__a=["config.json"]), Process()) == find_model(Folders(), Process())


def test_the_user_has_the_last_word() -> None:
    """Over command and environment."""
    process = Process(("run", "--model", "/a"), {"MODEL": "/a"})
    target = find_model(Folders(__a=WHOLE, __b=WHOLE), process, "/b").target
    assert target is not None
    assert (target.folder, target.evidence) == ("/b", "named by --model")


@pytest.mark.parametrize(
    ("words", "is_chat"),
    [
        (("vllm", "serve", "/m"), True),
        (("python3", "-m", "sglang.launch_server", "--model-path", "/m"), True),
        (("vllm", "serve", "/m", "--chat-template", "t.jinja"), False),
        (("python3", "app.py", "--model", "/m"), False),
        (("python3", "app.py", "--model", "/m-instruct"), True),
        (("python3", "app.py", "--model", "/m-instructed"), False),
    ],
)
def test_a_chat_is_told_by_its_server_and_its_name(words: tuple[str, ...], is_chat: bool) -> None:
    """Who brings a template on the command line needs none in the tokenizer."""
    folders = Folders()
    folders.folders = {each: list(WHOLE) for each in ("/m", "/m-instruct", "/m-instructed")}
    target = find_model(folders, Process(words)).target
    assert target is not None
    assert target.is_chat is is_chat


def test_code_of_a_model_is_trusted_where_the_command_says_so() -> None:
    """And nowhere else."""
    for words, trusts in ((("vllm", "serve", "/m", "--trust-remote-code"), True), (("vllm", "serve", "/m"), False)):
        target = find_model(Folders(__m=WHOLE), Process(words)).target
        assert target is not None
        assert target.trusts_code is trusts


LATER = "ee" * 20
CACHE = "/root/.cache/huggingface/hub"
REPOSITORY = f"{CACHE}/models--acme--tiny"


def in_two_snapshots() -> Folders:
    """One that is whole, and a later one whose weights lead nowhere."""
    found = in_cache(CACHE)
    found.folders[f"{REPOSITORY}/snapshots/{LATER}"] = list(WHOLE)
    found.folders[f"{REPOSITORY}/refs"] = ["main"]
    found.lost = {f"{REPOSITORY}/snapshots/{LATER}/model.safetensors"}
    return found


@pytest.mark.parametrize("reference", [REVISION, ""])
def test_of_two_snapshots_the_clients_is_taken(reference: str) -> None:
    """The one that the reference names, or where it cannot be read the one that is whole."""
    folders = in_two_snapshots()
    folders.references[f"{REPOSITORY}/refs/main"] = reference
    search = find_model(folders, Process(("vllm", "serve", "acme/tiny")))
    assert search.target is not None
    assert search.target.folder.endswith(REVISION)
    assert search.hub is not None
    assert search.hub.kind == HUB_WHOLE


@pytest.mark.parametrize(
    "process",
    [
        Process(("vllm", "serve", "acme/tiny", "--revision", LATER)),
        Process(("text-generation-launcher", f"--revision={LATER}"), {"MODEL_ID": "acme/tiny"}),
        Process(("vllm", "serve", "acme/tiny", "--revision", "$REV"), {"REV": LATER}),
        Process(loaded=(NamedModel(Evidence(0, "app.py"), "from_pretrained", "acme/tiny", LATER),)),
    ],
)
def test_the_revision_that_is_named_is_taken(process: Process) -> None:
    """Of an option or a script's call; no reference is missed then."""
    folders = in_two_snapshots()
    folders.lost.clear()
    del folders.folders[f"{REPOSITORY}/refs"]
    search = find_model(folders, process)
    assert search.target is not None
    assert (search.target.folder.endswith(LATER), search.target.revision) == (True, LATER)
    assert search.hub is not None
    assert search.hub.kind == HUB_WHOLE


@pytest.mark.parametrize(
    ("process", "wanted"),
    [
        (Process(("sh", "-c", "hf download c/d --revision v9 && exec vllm serve acme/tiny")), None),
        (Process(("sh", "-c", "hf download c/d --revision v9; exec vllm serve acme/tiny")), None),
        (Process(("sh", "-c", "hf download c/d --revision v9\nexec vllm serve acme/tiny\n")), None),
        (Process(("sh", "-c", "set -e\r\nhf download c/d --revision v9 \r\nvllm serve acme/tiny")), None),
        (Process(("sh", "-c", "vllm serve acme/tiny # it's ours\nhf download c/d --revision v9")), None),
        (Process(("sh", "-c", "vllm serve c/d --revision v9& vllm serve acme/tiny")), None),
        (Process(("git", "clone", "--revision", "v9"), {"MODEL_ID": "acme/tiny"}), None),
        (Process(("vllm", "serve", "c/d", "--revision", "v9")), "acme/tiny"),
    ],
)
def test_a_revision_of_another_model_is_not_taken(process: Process, wanted: str | None) -> None:
    """It is that of the command in which it stands, and of the model that this one names."""
    search = find_model(in_cache(CACHE), process, wanted)
    assert search.target is not None
    assert (search.target.name, search.target.revision) == ("acme/tiny", "")


@pytest.mark.parametrize("wanted", [None, "acme/tiny"])
@pytest.mark.parametrize(
    "moved",
    [
        "",
        "2>&1 ",
        ">/tmp/log 2>&1 ",
        "&>/tmp/log ",
        "&>> /tmp/log ",
        ">& /tmp/log ",
        "2>&- ",
        "2>& 1 ",
        ">|/tmp/x ",
        "<&0 ",
    ],
)
def test_a_revision_is_that_of_the_model_that_its_command_names(wanted: str | None, moved: str) -> None:
    """Whatever stands before it, wherever its output goes, and whoever names the model as well."""
    words = ("sh", "-c", f"hf download c/d --revision v8; exec vllm serve acme/tiny {moved}--revision v9")
    search = find_model(in_cache(CACHE), Process(words), wanted)
    assert search.target is not None
    assert (search.target.name, search.target.revision) == ("acme/tiny", "v9")


@pytest.mark.parametrize(
    "text",
    [
        'echo "{\\"msg\\": \\"a -> b\\"}"; vllm serve acme/tiny; echo done',
        'vllm serve > "$LOG" 2>&1 acme/tiny',
        "vllm serve </dev/null acme/tiny",
        "if [ $# -eq 0 ]; then exec vllm serve acme/tiny; fi",
        "vllm serve --stop '<|im_end|>' --model 'acme/tiny'",
        "cat <<EOF\nvllm serve c/d\nEOF\nvllm serve $MODEL_ID",
        "vllm serve ${MODEL_ID} & wait",
        "exec vllm serve acme/tiny > >(tee -a /log) 2>&1",
        "vllm serve acme/tiny 2> >(tee e.log >&2)",
        "vllm serve --config <(envsubst < a.yaml) --model acme/tiny",
    ],
)
def test_a_shell_takes_its_text_apart(text: str) -> None:
    """Quotes, redirections, comments and its own words are no words of a command."""
    search = find_model(in_cache(CACHE), Process(("sh", "-c", text), {"MODEL_ID": "acme/tiny"}))
    assert search.target is not None, search.reason
    assert search.target.name == "acme/tiny"


def test_where_the_output_goes_is_no_part_of_a_revision() -> None:
    """A digit before the sign is one of the word, unless it stands alone."""
    for text in ("vllm serve acme/tiny --revision v9>/tmp/log", "vllm serve >/tmp/2 acme/tiny --revision=v9>&1 2>&1"):
        search = find_model(in_cache(CACHE), Process(("sh", "-c", text)))
        assert search.target is not None
        assert (search.target.name, search.target.revision) == ("acme/tiny", "v9")


def test_a_revision_that_is_not_cached_is_told() -> None:
    """With what is; a path is no revision."""
    folders = in_cache(CACHE)
    folders.folders[f"{REPOSITORY}/refs"] = ["main"]
    folders.lost = {f"{REPOSITORY}/refs/v9"}
    search = find_model(folders, Process(("vllm", "serve", "acme/tiny", "--revision", "v9")))
    assert search.hub is not None
    assert search.hub.kind == HUB_OTHER_REVISION
    assert f"Name the revision that is cached: {REVISION}" in search.hub.cures
    search = find_model(folders, Process(("vllm", "serve", "acme/tiny", "--revision", "../../x")))
    assert search.target is not None
    assert search.target.revision == ""


def test_a_snapshot_without_weights_is_not_called_cached() -> None:
    """A tokenizer may be all that is needed; what is left of a download proves that it was not."""
    folders = Folders()
    folders.folders[f"{REPOSITORY}/snapshots/{REVISION}"] = ["config.json", "tokenizer.json"]
    folders.folders[f"{REPOSITORY}/refs"] = ["main"]
    process = Process(environment={"MODEL_ID": "acme/tiny", "HF_HUB_OFFLINE": "1"})
    search = find_model(folders, process)
    assert search.reason.endswith("without weights of a known make, as a tokenizer or a config may be")
    assert (search.target, search.absent) == (None, None)
    assert search.hub is not None
    assert search.hub.kind == HUB_NO_WEIGHTS
    folders.folders[f"{REPOSITORY}/blobs"] = ["8f3a.incomplete"]
    search = find_model(folders, process)
    assert search.absent is not None
    assert search.hub is not None
    assert search.hub.kind == HUB_INCOMPLETE


def test_a_model_that_is_nowhere_and_that_nobody_is_asked_for_is_to_be_looked_up() -> None:
    """Not where the hub is asked, where another one lies there, or where a volume may bring it."""
    offline = {"MODEL_ID": "acme/tiny", "HF_HUB_OFFLINE": "1"}
    absent = find_model(Folders(), Process(environment=offline)).absent
    assert absent is not None
    assert (absent.folder, absent.name) == ("", "acme/tiny")
    assert find_model(Folders(), Process(environment={"MODEL_ID": "acme/tiny"})).absent is None
    assert find_model(Folders(__models__x=WHOLE), Process(environment=offline)).absent is None
    assert find_model(Folders(), Process(environment=offline, volumes=("/root",))).absent is None
    other = Folders()
    other.folders[f"{CACHE}/models--acme--Tiny-1b/snapshots/{REVISION}"] = list(WHOLE)
    assert find_model(other, Process(environment=offline)).absent is not None
