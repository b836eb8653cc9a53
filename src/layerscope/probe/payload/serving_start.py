"""Stages `listen` and `health`: a server started, and waited for."""

import time
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.api_dialects import JSON_LISTS, find_message
from layerscope.probe.payload.http_client import NOT_OFFERED, CallError, HttpClient, Reply
from layerscope.probe.payload.process_tree import adopt_orphans
from layerscope.probe.payload.server_process import ServerProcess
from layerscope.probe.payload.stages import FailedStage
from layerscope.probe.payload.watched_server import Listener, WatchedServer

OWN_MARGIN, LEAST_SHARE = 1.0, 0.6
"""Seconds before a stage's deadline at which it gives up by itself and says what it saw, and at least a share of it."""

POLL, SLOW_POLL = 0.05, 0.25
SETTLE_SHARE, MOST_SETTLE = 0.1, 5.0
"""How long another port than the expected one is left alone, as a share of the deadline, and at most in seconds."""

CALL_SECONDS = 10.0
"""Of a call that makes no text."""

WAITING = frozenset({429, 502, 503, 504})
"""What servers and their proxies answer while they load."""

FOREIGN_ANSWERS = 5
"""After as many answers that are no HTTP, and none that is, no HTTP server will come: one that loads is silent."""

WANTS_KEY = frozenset({401, 403})
COG_WAITS, COG_ENDS = frozenset({"STARTING"}), frozenset({"SETUP_FAILED", "DEFUNCT", "UNHEALTHY"})

Told = Tuple[str, Dict[str, Any]]
"""What a stage returns."""


class ServingStart:
    """A server on its way up; what is asked of it is in `settings["serving"]`."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        """Read what is asked; nothing is started yet."""
        self._asked: Dict[str, Any] = settings["serving"]
        self._deadlines: Dict[str, List[float]] = settings["deadlines"]
        self.server: Optional[WatchedServer] = None
        self.client = self.make_client("127.0.0.1", int(self._asked.get("port") or 0))
        self.dialect = str(self._asked.get("dialect") or "")
        self.model = str(self._asked.get("model") or "")
        self.context: Optional[int] = None
        self._seen: Dict[int, float] = {}

    @property
    def key_kind(self) -> str:
        """What it means that a server asks for a key."""
        return "key-refused" if self._asked.get("key") else "key-wanted"

    def limit(self, stage: str) -> float:
        """Seconds that a stage gives itself."""
        hard = self._deadlines.get(stage, self._deadlines["default"])[1]
        return max(hard - OWN_MARGIN, hard * LEAST_SHARE)

    def listen(self) -> Told:
        """Start the server and wait until one of its ports answers; or connect to one that runs."""
        if self._asked.get("url"):
            return self._connect(self._asked["url"])
        began, limit = time.monotonic(), self.limit("listen")
        server = self.server = self.start()
        while True:
            self.check_alive()
            listeners = server.list_listeners()
            chosen = self._choose(listeners, min(MOST_SETTLE, limit * SETTLE_SHARE), began + limit)
            if chosen is not None:
                return self._describe_port(chosen, listeners, time.monotonic() - began)
            passed = time.monotonic() - began
            if passed > limit:
                self._tell_silence(listeners, passed)
            time.sleep(POLL if passed < 5 else SLOW_POLL)

    def start(self) -> WatchedServer:
        """Start the server as a process of ours; raises FailedStage where there is no such program."""
        adopt_orphans()
        argv = [str(each) for each in self._asked["argv"]]
        try:
            return ServerProcess(argv, self._asked.get("env") or {}, self._asked.get("cwd") or "", self.key)
        except OSError as error:
            raise FailedStage("error", f"starting {argv[0]!r}: {error.strerror}") from error

    def dial(self, host: str, port: int, seconds: float) -> Any:
        """A connection to a port of the server; raises OSError."""
        import socket

        return socket.create_connection((host, port), timeout=seconds)

    @property
    def key(self) -> str:
        """The key that it is asked with, if any."""
        return str(self._asked.get("key") or "")

    def make_client(self, host: str, port: int, **told: Any) -> HttpClient:
        """Whoever asks a port of the server; see HttpClient."""
        client = HttpClient(host, port, dial=self.dial, **told)
        client.request_id = str(self._asked.get("id") or "")
        return client

    def _connect(self, url: Dict[str, Any]) -> Told:
        import socket

        host, port = str(url["host"]), int(url["port"])
        self.client = self.make_client(
            host, port, prefix=str(url.get("prefix") or ""), tls=bool(url.get("tls")), key=self.key
        )
        try:
            self.dial(host, port, min(CALL_SECONDS, self.limit("listen"))).close()
        except socket.timeout as error:
            raise FailedStage("hang", f"no connection to {host} port {port} in time") from error
        except OSError as error:
            raise FailedStage("unreachable", f"connecting to {host} port {port}: {error.strerror or error}") from error
        return f"{host} port {port} is open", {"port": port, "host": host, "server": self._asked.get("name", "")}

    def check_alive(self) -> None:
        """Raise FailedStage if the server has ended."""
        code = self.server.poll() if self.server is not None else None
        if self.server is not None and code is not None:
            kind = "crash" if code < 0 or code >= 128 else "error"
            values = {"code": code, "last_lines": [line[-300:] for line in self.server.list_texts()[-20:]]}
            raise FailedStage(kind, self.server.tell_end(code), values)

    def _choose(self, listeners: List[Listener], settle: float, until: float) -> Optional[Listener]:
        """The port that is expected, or after a while another one on which a server answers, if time is left."""
        expected, now = self._asked.get("port"), time.monotonic()
        for each in listeners:
            self._seen.setdefault(each.port, now)
            if each.port == expected and self.reach(each):
                return each
        for each in listeners:
            waits = settle if expected else min(settle, 0.3)
            if time.monotonic() > until:
                break
            if (
                each.port != expected
                and now - self._seen[each.port] >= waits
                and self.reach(each)
                and self._speaks(each)
            ):
                return each
        return None

    def reach(self, listener: Listener) -> bool:
        """Whether the port can be connected to; what listens on `::` may do so for IPv6 alone."""
        for host in (listener.host, "::1"):
            try:
                self.dial(host, listener.port, 1.0).close()
            except OSError:
                continue
            listener.host = host
            return True
        return False

    def _speaks(self, listener: Listener) -> bool:
        """Whether a port answers a question that only a model server knows."""
        client = self.make_client(listener.host, listener.port)
        paths = [path for path in self._asked.get("health") or () if path != "/"]
        known = [JSON_LISTS[self.dialect]] if self.dialect in JSON_LISTS else list(JSON_LISTS.values())
        for method, path in [("GET", each) for each in paths] + known:
            try:
                reply = client.ask(method, path, {} if method == "POST" else None, seconds=1.0)
            except CallError as error:
                if error.kind == "timeout":
                    continue
                return False
            if reply.status in WAITING or (reply.status == 200 and not reply.text.lstrip().startswith("<")):
                return True
        return False

    def _describe_port(self, chosen: Listener, listeners: List[Listener], seconds: float) -> Told:
        self.client = self.make_client(chosen.host, chosen.port, key=self.key)
        same = [each for each in listeners if each.port == chosen.port]
        expected = self._asked.get("port")
        values = {
            "server": self._asked.get("name", ""), "how": self._asked.get("how", ""), "port": chosen.port,
            "host": chosen.host, "expected": expected, "seconds": round(seconds, 3),
            "loopback_only": all(each.is_loopback for each in same),
            "ports": sorted({each.port for each in listeners})[:20],
        }  # fmt: skip
        said = f"port {chosen.port}"
        if expected and chosen.port != expected:
            said += f", expected {expected}"
        if values["loopback_only"]:
            said += ", on the loopback address alone"
        return said, values

    def _tell_silence(self, listeners: List[Listener], passed: float) -> None:
        assert self.server is not None, "started by this stage"
        told, values = self.server.describe_work()
        ports = sorted({each.port for each in listeners})
        values["ports"] = ports[:20]
        where = "listens on no port" if not ports else "answers on none of its ports {}".format(
            ", ".join(str(each) for each in ports[:8])
        )  # fmt: skip
        raise FailedStage("hang", f"after {passed:.0f} s the server {where}: {told}", values)

    def health(self) -> Told:
        """Wait while it says that it loads."""
        began, limit = time.monotonic(), self.limit("health")
        paths = list(self._asked.get("health") or ("/health", "/v1/models", "/"))
        counts: Dict[str, int] = {}
        said = "no answer"
        while True:
            self.check_alive()
            try:
                reply = self.client.ask("GET", paths[0], seconds=min(CALL_SECONDS, limit))
            except CallError as error:
                counts[error.kind] = counts.get(error.kind, 0) + 1
                said = str(error)
                if error.kind == "untrusted":
                    raise FailedStage("untrusted", f"GET {paths[0]}: {said}") from error
                if counts.get("no-http") == FOREIGN_ANSWERS and not any(each.isdigit() for each in counts):
                    raise self._tell_foreign(said, counts) from error
            else:
                told = str(reply.status)
                counts[told] = counts.get(told, 0) + 1
                if reply.status in NOT_OFFERED:
                    if len(paths) == 1:
                        return "it answers, and has no path for its health", {"answers": counts}
                    del paths[0]
                    continue
                said = self._judge_health(reply, paths[0])
                if not said:
                    return f"GET {paths[0]}: {reply.status}", {"answers": counts, "path": paths[0]}
            passed = time.monotonic() - began
            if passed > limit:
                self._tell_unready(paths[0], said, counts, passed)
            time.sleep(POLL if passed < 5 else SLOW_POLL)

    def _tell_foreign(self, said: str, counts: Dict[str, int]) -> FailedStage:
        where = f"{self.client.host} port {self.client.port} is no HTTP server"
        return FailedStage("error", f"{where}: {said}", {"answers": counts, "no_http": True})

    def _judge_health(self, reply: Reply, path: str) -> str:
        """Why it is not ready yet; empty where it is. Raises FailedStage where it never will be."""
        message = find_message(reply)
        if reply.status in WAITING:
            return f"{reply.status} {message}"
        body = reply.read_json()
        status = body.get("status") if isinstance(body, dict) else None
        if self.dialect == "cog" and status in COG_WAITS:
            return f"status {status}"
        if reply.status >= 500 or (self.dialect == "cog" and status in COG_ENDS):
            raise FailedStage("error", f"GET {path}: {reply.status} {message}", {"path": path, "status": reply.status})
        return ""

    def _tell_unready(self, path: str, said: str, counts: Dict[str, int], passed: float) -> None:
        values: Dict[str, Any] = {"answers": counts, "path": path}
        told = ""
        if self.server is not None:
            told, work = self.server.describe_work()
            values.update(work)
        is_silent = not any(each.isdigit() for each in counts)
        many = ", ".join(f"{count} x {each}" for each, count in sorted(counts.items()))
        raise FailedStage(
            "hang" if is_silent else "unavailable",
            f"not ready after {passed:.0f} s: GET {path}: {said} ({many})" + (f"; {told}" if told else ""), values,
        )  # fmt: skip
