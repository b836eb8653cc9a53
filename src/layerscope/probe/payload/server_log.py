"""Why nothing of a server's log is seen: files that it writes instead, and settings that hold it back."""

import os
import re
import stat
import time
from typing import Any, Dict, List, Optional, Set

from layerscope.probe.payload.host_files import list_folder, read_fields, read_text

MOST_OPEN, MOST_WRITTEN, MOST_LOOKED = 4096, 64, 64
"""Descriptors of a process that are looked at, files of them that are read, and processes."""

MOST_SETTINGS, MOST_FILES = 8, 8
MAX_SHOWN_PATH = 200
MAX_WORD = 200
"""Characters of an argument or a variable that is looked at."""

LOG_TAIL = 1 << 16
"""Bytes at the end of a file in which a request is looked for."""

LOG_PLACE = re.compile(
    r"^/var/log/|/logs?/[^/]{1,100}$|\.(?:log|out|err)(?:\.\d{1,3})?$|/(?:[^/]{1,100}[._-])?logs?$|[._-]logs?\.[a-z]{1,5}$"
)
"""Where programs keep logs, and what they call them."""

NO_DATE = r"(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])|[1-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\.)"
"""By year and month, or by a year of two digits, month and day, programs name their logs."""

DATABASE = re.compile(
    r"\.(?:db|sqlite3?|sst|ldb|wal|aof)$|-(?:wal|shm|journal)$|(?:^|/)" + NO_DATE + r"(?:\d{6}|\d{20})\.log$",
    re.IGNORECASE,
)
"""Names of databases and of what stands beside them: a request that is kept there is data.

A number with `.log` is what LevelDB, RocksDB and Kafka have not yet written elsewhere.
"""

EMPTY, TEXT, TOLD = 0, 1, 2
"""What is in a file: nothing that is known, text, or a request that was asked."""

ELSEWHERE = ("/proc/", "/dev/", "/sys/", "/memfd:")
NOWHERE = "/dev/null"

LEVEL = r"(?:error|critical|fatal|off|none|silent|quiet|warn|warning)"
OWNER = (
    r"(?:API|APP|APPLICATION|BACKEND|BENTOML|COG|DJL|ENGINE|FASTAPI|FLASK|GUNICORN|HYPERCORN|INFERENCE|INFINITY|KSERVE"
    r"|LITELLM|LLAMA|LLAMA_ARG|LLM|LMDEPLOY|LOCALAI|MODEL|NIM|OLLAMA|OPENLLM|PYTHON|RAY|ROOT|ROUTER|SERVE|SERVER"
    r"|SERVICE|SERVING|SGL|SGLANG|TEI|TGI|TLLM|TM|TORCHSERVE|TRITON|TRTLLM|TS|UVICORN|VLLM|WORKER|XINFERENCE)"
)
"""Words before the level of a server's own log; those of other tools, as npm, pip and databases, hold back theirs."""

VARIABLE = re.compile(
    r"(?:(?:" + OWNER + r"_){0,3}LOG(?:GING|GER)?_?LEVEL|RUST_LOG)=" + LEVEL + r"|GLOG_minloglevel=[1-3]"
    r"|VLLM_CONFIGURE_LOGGING=0",
    re.IGNORECASE,
)
"""Variables that hold a log back; no other is told, since its value may be anybody's secret."""

LEVEL_FLAG = re.compile(r"--(?:[a-z]{1,20}[-_]){0,3}log(?:ging)?[-_]?level(?:[-_][a-z]{1,10})?", re.IGNORECASE)
LEVEL_WORD = re.compile(LEVEL, re.IGNORECASE)
OFF_FLAGS = frozenset({
    "--disable-log-requests", "--disable-uvicorn-access-log", "--log-disable", "--log-info=0", "--log-info=false",
    "--no-access-log", "--no-enable-log-requests",
})  # fmt: skip
"""Arguments that hold a log back without a word after them."""


def find_log_settings(words: List[str], variables: List[str]) -> List[str]:
    """The variables and arguments that hold a server's log back, as they are written; nothing else of them is told."""
    found = [each for each in variables if len(each) <= MAX_WORD and VARIABLE.fullmatch(each)]
    for place, word in enumerate(words):
        if len(word) > MAX_WORD:
            continue
        flag, _, value = word.partition("=")
        if word in OFF_FLAGS:
            found.append(word)
        elif LEVEL_FLAG.fullmatch(flag):
            value = value or (words[place + 1][:MAX_WORD] if place + 1 < len(words) else "")
            if LEVEL_WORD.fullmatch(value):
                found.append(f"{flag} {value}")
    return list(dict.fromkeys(found))[:MOST_SETTINGS]


def is_log_place(path: str) -> bool:
    """Whether a file is a log by its name or its folder."""
    return bool(LOG_PLACE.search(path))


def is_database(path: str) -> bool:
    """Whether a file is a database by its name, or the journal of one."""
    return bool(DATABASE.search(path))


def is_database_folder(folder: str) -> bool:
    """Whether LevelDB or RocksDB, or what is made after them, keeps its data there."""
    names = list_folder(folder)
    return "CURRENT" in names and any(name.startswith("MANIFEST-") for name in names)


def describe_log(
    processes: List[int], marks: List[str], until: float, speakers: Optional[Set[int]] = None
) -> Dict[str, Any]:
    """Where processes write their log, and what holds it back, as far as is seen until then.

    `marks` are what a line of a request would have, `speakers` the processes whose output is the server's; without
    them, it is the first.
    """
    words, variables = [], []  # type: List[str], List[str]
    files: Dict[str, int] = {}
    speakers = set(processes[:1]) if speakers is None else speakers
    is_discarded = False
    for process in processes[:MOST_LOOKED]:
        if time.monotonic() > until:
            break
        words += _read_list(f"/proc/{process}/cmdline")
        variables += _read_list(f"/proc/{process}/environ")
        streams = {_read_link(f"/proc/{process}/fd/{number}") for number in (1, 2)}
        is_discarded = is_discarded or (process in speakers and streams == {NOWHERE})
        for path, content in _find_files(process, marks).items():
            files[path] = max(files.get(path, EMPTY), content)
    return join_log(files, find_log_settings(words, variables), is_discarded=is_discarded)


def join_log(files: Dict[str, int], settings: List[str], *, is_discarded: bool) -> Dict[str, Any]:
    """What was found, as values of a record; files in which a request stands come first, and empty ones last."""
    first = sorted(files, key=lambda path: (-files[path], path))
    told: Dict[str, Any] = {}
    if first:
        told["log_files"] = [path[:MAX_SHOWN_PATH] for path in first[:MOST_FILES]]
        told["is_in_file"] = files[first[0]] == TOLD
        told["is_text"] = files[first[0]] >= TEXT
    if settings:
        told["log_settings"] = settings
    if is_discarded:
        told["is_discarded"] = True
    return told


def tell_log(told: Dict[str, Any]) -> str:
    """The same in words, to go after what is missed; empty where nothing was found."""
    parts = []
    if told.get("is_in_file"):
        parts.append("{} tells of requests".format(told["log_files"][0]))
    elif told.get("log_files"):
        parts.append("it holds {} open".format(", ".join(told["log_files"][:3])))
    if told.get("log_settings"):
        parts.append("it was started with {}".format(", ".join(told["log_settings"])))
    if told.get("is_discarded"):
        parts.append(f"its output goes to {NOWHERE}")
    return ": " + "; ".join(parts) if parts else ""


def _find_files(process: int, marks: List[str]) -> Dict[str, int]:
    """The logs that a process holds open to write them, by path, and what is in each.

    A log is text: what has a zero byte is none, whatever stands in it.
    """
    found: Dict[str, int] = {}
    seen: Set[str] = set()
    for name in list_folder(f"/proc/{process}/fd")[:MOST_OPEN]:
        place = f"/proc/{process}/fd/{name}"
        path = _read_link(place)
        if not path.startswith("/") or path.startswith(ELSEWHERE) or path.endswith(" (deleted)") or path in seen:
            continue
        if not _is_written(process, name, place):
            continue
        if len(seen) == MOST_WRITTEN:
            break
        seen.add(path)
        tail = _read_tail(place)
        if b"\0" in tail or is_database(path):
            continue
        is_told = any(mark.encode("utf-8") in tail for mark in marks if mark)
        if (is_told or is_log_place(path)) and not is_database_folder(f"/proc/{process}/root{os.path.dirname(path)}"):
            found[path] = TOLD if is_told else TEXT if tail.strip() else EMPTY
    return found


def _is_written(process: int, name: str, place: str) -> bool:
    """Whether a descriptor is of a regular file, and open for writing."""
    flags = read_fields(f"/proc/{process}/fdinfo/{name}").get("flags", "")
    try:
        return bool(int(flags, 8) & os.O_ACCMODE) and stat.S_ISREG(os.stat(place).st_mode)
    except (OSError, ValueError):
        return False


def _read_tail(place: str) -> bytes:
    try:
        with open(place, "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - LOG_TAIL))
            return stream.read(LOG_TAIL)
    except OSError:
        return b""


def _read_link(place: str) -> str:
    try:
        return os.readlink(place)
    except OSError:
        return ""


def _read_list(path: str) -> List[str]:
    return [each for each in read_text(path).split("\0") if each]
