"""Why nothing is heard of a server: files, levels and arguments are named, and nothing else of its environment."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.probe.payload.server_log import describe_log, find_log_settings, is_database, is_log_place, tell_log
from layerscope.probe.server_log_remarks import list_log_remarks
from layerscope.probe.verdict import Outcome, judge
from probe.test_serving import run_stub


@pytest.mark.parametrize(
    ("words", "variables", "found"),
    [
        ([], ["VLLM_LOGGING_LEVEL=ERROR"], ["VLLM_LOGGING_LEVEL=ERROR"]),
        ([], ["LOG_LEVEL=warning", "UVICORN_LOG_LEVEL=critical"], ["LOG_LEVEL=warning", "UVICORN_LOG_LEVEL=critical"]),
        ([], ["GLOG_minloglevel=2", "RUST_LOG=off"], ["GLOG_minloglevel=2", "RUST_LOG=off"]),
        ([], ["VLLM_CONFIGURE_LOGGING=0"], ["VLLM_CONFIGURE_LOGGING=0"]),
        ([], ["LOGLEVEL=error", "RAY_BACKEND_LOG_LEVEL=error"], ["LOGLEVEL=error", "RAY_BACKEND_LOG_LEVEL=error"]),
        ([], ["NPM_CONFIG_LOGLEVEL=error", "PIP_LOG_LEVEL=off", "DB_LOG_LEVEL=error", "APP_DB_LOG_LEVEL=error"], []),
        (["serve", "--log-level", "error"], [], ["--log-level error"]),
        (["--uvicorn-log-level=CRITICAL"], [], ["--uvicorn-log-level CRITICAL"]),
        (["--no-access-log", "--disable-log-requests"], [], ["--no-access-log", "--disable-log-requests"]),
        (["--log-disable", "--log-disable"], [], ["--log-disable"]),
        ([], ["LOG_LEVEL=info", "GLOG_minloglevel=0", "TF_CPP_MIN_LOG_LEVEL=3", "RUST_LOG=hyper=warn"], []),
        (["--log-level", "debug", "--log-level"], ["LOG_LEVEL="], []),
        ([], ["API_KEY=error", "LOG_LEVEL=error sesame", "X_LOG_LEVEL=sesame", "TOKEN=LOG_LEVEL=error"], []),
        (["--api-key", "error", "--log-level=sesame"], [], []),
    ],
)
def test_what_holds_a_log_back_is_named(words: list[str], variables: list[str], found: list[str]) -> None:
    """With a level alone: whatever else stands there may be a secret."""
    assert find_log_settings(words, variables) == found


SERVERS = ("VLLM", "NIM", "TGI", "RAY", "TM", "APP", "SERVER", "ROOT", "API", "MODEL")


def test_what_an_image_sets_is_bounded() -> None:
    """However much there is of it."""
    assert len(find_log_settings([], [f"{word}_LOG_LEVEL=error" for word in SERVERS])) == 8
    assert find_log_settings(["--log-level=" + "e" * 10_000], ["LOG_LEVEL=" + "error" * 10_000]) == []


@pytest.mark.parametrize(
    ("path", "is_log"),
    [
        ("/var/log/vllm/current", True),
        ("/app/logs/today.txt", True),
        ("/tmp/server.log", True),  # noqa: S108
        ("/tmp/server.log.1", True),  # noqa: S108
        ("/app/nohup.out", True),
        ("/srv/access_log", True),
        ("/srv/catalog", False),
        ("/models/canary/model.safetensors", False),
        ("/data/cache.db", False),
        ("/home/login.json", False),
    ],
)
def test_a_log_is_known_by_its_name(path: str, *, is_log: bool) -> None:
    """Or by its folder."""
    assert is_log_place(path) == is_log


SOON = float("inf")
HOLDER = """
import sys, time
logs = [open(path, mode) for path, mode in zip(sys.argv[1:7:2], sys.argv[2:7:2])]
[log.write("GET /layerscope-1 404\\n") and log.flush() for log in logs if log.writable()]
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[int]:
    """A process that writes two files and reads one."""
    (tmp_path / "read.log").write_text("GET /layerscope-1\n")
    names = [("server.log", "a"), ("today", "w"), ("read.log", "r")]
    words = [word for name, mode in names for word in (str(tmp_path / name), mode)]
    argv = [sys.executable, "-c", HOLDER, *words, "--log-level", "error"]
    environment = {"LOG_LEVEL": "error", "API_KEY": "sesame"}
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield process.pid
    process.kill()
    process.wait()
    process.stdout.close()


def test_files_that_a_process_writes_are_found(holder: int, tmp_path: Path) -> None:
    """By a request in them, whatever they are called, or else by their name; what is only read is no log of its own."""
    told = describe_log([holder], ["layerscope-1"], SOON)
    assert told["log_files"] == [str(tmp_path / "server.log"), str(tmp_path / "today")]
    assert told["is_in_file"]
    assert told["log_settings"] == ["LOG_LEVEL=error", "--log-level error"]
    assert "sesame" not in str(told)
    other = describe_log([holder], ["another"], SOON)
    assert (other["log_files"], other["is_in_file"]) == ([str(tmp_path / "server.log")], False)
    assert other["is_text"]
    assert describe_log([1 << 30], ["layerscope-1"], SOON) == {}
    assert describe_log([holder], ["layerscope-1"], 0.0) == {}


KEEPER = """
import sqlite3, sys, time
kept = []
for path in sys.argv[1:]:
    kept.append(sqlite3.connect(path, isolation_level=None))
    kept[-1].execute("PRAGMA journal_mode=WAL")
    kept[-1].execute("CREATE TABLE asked (path TEXT)")
    kept[-1].execute("INSERT INTO asked VALUES ('/layerscope-1')")
text = open(sys.argv[1] + ".sqlite", "w")
text.write("/layerscope-1")
text.flush()
print("ready", flush=True)
time.sleep(600)
"""


def test_a_database_of_requests_is_no_log(tmp_path: Path) -> None:
    """By its zero bytes, whatever it is called, and by its name."""
    argv = [sys.executable, "-c", KEEPER, str(tmp_path / "requests.db"), str(tmp_path / "requests.log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert b"layerscope-1" in (tmp_path / "requests.log-wal").read_bytes()
        assert describe_log([process.pid], ["layerscope-1"], SOON) == {}
        process.kill()


STORE = """
import sys, time
kept = [open(path, "a") for path in sys.argv[1:]]
print("ready", flush=True)
time.sleep(600)
"""


def test_the_log_of_a_store_of_data_is_none(tmp_path: Path) -> None:
    """LevelDB and RocksDB write ahead to a numbered file; what is beside their MANIFEST is theirs, too."""
    store = tmp_path / "store"
    store.mkdir()
    for name in ("CURRENT", "MANIFEST-000002"):
        (store / name).touch()
    paths = [tmp_path / "000003.log", store / "LOG.log", tmp_path / "server.log"]
    with subprocess.Popen([sys.executable, "-c", STORE, *map(str, paths)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            told = describe_log([process.pid], ["layerscope-1"], SOON)
        finally:
            process.kill()
    assert told == {"log_files": [str(tmp_path / "server.log")], "is_in_file": False, "is_text": False}
    (remark,) = list_log_remarks(dict(told, silent=True))
    assert "ln -sf" not in remark


def test_another_process_whose_output_goes_nowhere_is_no_server() -> None:
    """It is the first process that counts, or who listens on the port."""
    with contextlib.ExitStack() as stack:
        started = [
            subprocess.Popen(["sleep", "60"], stdout=place, stderr=place) for place in (None, subprocess.DEVNULL)
        ]
        for each in started:
            stack.enter_context(each)
            stack.callback(each.kill)
        first, quiet = (each.pid for each in started)
        assert describe_log([first, quiet], [], SOON).get("is_discarded") is None
        assert describe_log([first, quiet], [], SOON, {first}).get("is_discarded") is None
        assert describe_log([first, quiet], [], SOON, {quiet})["is_discarded"]
        assert describe_log([quiet, first], [], SOON)["is_discarded"]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/data/requests.db", True),
        ("/data/requests.SQLITE3", True),
        ("/data/requests.sqlite-wal", True),
        ("/data/requests-journal", True),
        ("/data/000003.log", True),
        ("/data/00000000000000000042.log", True),
        ("/var/log/app/1700000000.log", False),
        ("/var/log/31012024.log", False),
        ("/data/000131.log", True),
        ("/var/log/20240131.log", False),
        ("/var/log/202401.log", False),
        ("/var/log/20240131235959123456.log", False),
        ("/var/log/app/240131.log", False),
        ("/var/log/20240131.log.1", False),
        ("/var/log/server-000003.log", False),
        ("/var/log/requests.log", False),
        ("/data/db", False),
    ],
)
def test_a_database_is_known_by_its_name(path: str, *, is_one: bool) -> None:
    """And so is what stands beside it."""
    assert is_database(path) == is_one


@pytest.mark.parametrize("path", ["/tmp/server.log", "/run/server.log", "/dev/shm/server.log", "/srv/requests"])  # noqa: S108
def test_a_file_that_fades_or_may_be_data_is_in_no_command(path: str) -> None:
    """A link there is gone at the next start, or takes the place of what the program keeps."""
    (remark,) = list_log_remarks({"log_files": [path], "is_in_file": True})
    assert "ln -sf" not in remark
    assert remark.endswith(f"{path}, where no engine looks: let its program log to standard output")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"silent": True}, "set its log level"),
        ({"silent": True, "log_settings": ["LOG_LEVEL=error"]}, "LOG_LEVEL=error holds its log back"),
        ({"silent": True, "is_discarded": True}, "/dev/null"),
        ({"silent": True, "is_discarded": True, "log_settings": ["--log-level error"]}, "--log-level error holds"),
        (
            {"silent": True, "log_files": ["/a.log"], "is_in_file": False, "is_text": True},
            "RUN ln -sf /dev/stdout /a.log",
        ),
        ({"log_files": ["/a.log"], "is_in_file": True}, "RUN ln -sf /dev/stdout /a.log"),
        ({"log_files": ["/a.log"], "is_in_file": True}, "writes what it tells of requests to /a.log"),
    ],
)
def test_one_remark_says_why_nothing_is_heard(values: dict[str, Any], words: str) -> None:
    """And what to do about it."""
    assert [words in remark for remark in list_log_remarks(values)] == [True]


@pytest.mark.parametrize(
    "values",
    [{}, {"log_files": ["/a.log"], "is_in_file": False}, {"log_settings": ["--no-access-log"]}, {"is_discarded": True}],
)
def test_a_server_that_is_heard_is_no_remark(values: dict[str, Any]) -> None:
    """Whatever else it writes, and however little it says of requests."""
    assert list(list_log_remarks(values)) == []


@pytest.mark.parametrize("path", ["/a.log", "/srv/db/000003.log"])
def test_a_file_that_is_empty_or_a_databases_is_in_no_command(path: str) -> None:
    """What its program would keep there would be lost."""
    (remark,) = list_log_remarks({"silent": True, "log_files": [path], "is_text": path != "/a.log"})
    assert "ln -sf" not in remark


def test_a_path_that_a_shell_would_read_is_in_no_command() -> None:
    """It comes from the image."""
    (remark,) = list_log_remarks({"silent": True, "log_files": ["/a.log; id"], "is_text": True})
    assert "ln -sf" not in remark


def test_where_the_log_is_stands_behind_what_is_missed() -> None:
    """All that was found, in the stage's own words."""
    assert tell_log({}) == ""
    told = {"log_files": ["/a.log"], "is_in_file": False, "is_discarded": True, "log_settings": ["--no-access-log"]}
    assert tell_log(told) == ": it holds /a.log open; it was started with --no-access-log; its output goes to /dev/null"


@pytest.mark.parametrize(
    ("fault", "words"), [("log-to-file", "writes its log to"), ("log-to-nowhere", "goes to /dev/null")]
)
def test_a_server_of_which_nothing_is_heard_is_looked_into(fault: str, words: str, tmp_path: Path) -> None:
    """It answers, and one remark says where its log is."""
    verdict = judge(run_stub("--fault", fault, "--log-file", str(tmp_path / "server.log")))
    assert (verdict.outcome, verdict.root) == (Outcome.GENERATED, "")
    assert [words in remark for remark in verdict.remarks] == [True], verdict.remarks


def test_a_level_that_holds_a_log_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its neighbour, which prints, is not."""
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    remarks = judge(run_stub()).remarks
    assert ["LOG_LEVEL=ERROR holds its log back" in remark for remark in remarks] == [True], remarks
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    assert judge(run_stub()).remarks == ()
