"""Stage `models`: a server that is up, asked what it serves, and in which API."""

from typing import Any, Dict, List

from layerscope.probe.payload.api_dialects import JSON_LISTS, find_message, read_context, read_models, takes_text
from layerscope.probe.payload.http_client import CallError, Reply
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.serving_start import CALL_SECONDS, WAITING, WANTS_KEY, ServingStart, Told
from layerscope.probe.payload.stages import FailedStage, SkippedStage


class ServingModels(ServingStart):
    """A server that is up, and the model that is asked."""

    def models(self) -> Told:
        """What it serves, under which names; and which API it speaks, where that is not known."""
        known = [self.dialect] if self.dialect else list(JSON_LISTS)
        said, is_page = "", False
        for dialect in known:
            method, path = JSON_LISTS[dialect]
            reply = self._list(method, path)
            if reply.status in WANTS_KEY:
                raise FailedStage(self.key_kind, f"{method} {path}: {reply.status} {find_message(reply)}".strip())
            if reply.status in WAITING:
                raise FailedStage("unavailable", f"{method} {path}: {reply.status} {find_message(reply)}".strip())
            names = read_models(dialect, reply) if reply.status == 200 else None
            if names is not None:
                self.dialect = dialect
                return self._pick(names, reply)
            is_page = is_page or (reply.status == 200 and reply.read_json() is None)
            said = said or f"{method} {path}: {reply.status} {find_message(reply)[:80]}".strip()
        if self._asked.get("is_sure"):
            raise FailedStage("no-json" if is_page else "error", f"no list of models: {said}")
        raise SkippedStage(f"it offers none of the APIs that generate ({said})")

    def _list(self, method: str, path: str) -> Reply:
        try:
            return self.client.ask(method, path, {} if method == "POST" else None, seconds=CALL_SECONDS)
        except CallError as error:
            self.check_alive()
            kind = "hang" if error.kind in {"timeout", "stalled"} else "error"
            raise FailedStage(kind, f"{method} {path}: {error}") from error

    def _pick(self, names: List[str], reply: Reply) -> Told:
        values: Dict[str, Any] = {"models": names[:20], "dialect": self.dialect}
        if self.model and names and self.model not in names:
            raise FailedStage(
                "no-such-model", f"it serves {', '.join(names[:6])}, and no {self.model}", values
            )  # fmt: skip
        if not self.model:
            if not names:
                raise SkippedStage("it serves no model, or names none")
            self.model = names[0]
        self.context = read_context(reply, self.model)
        values.update(model=shorten(self.model, 200), context=self.context)
        if self.dialect == "triton":
            reply = self._list("GET", f"/v2/models/{self.model}")
        if self.dialect in {"triton", "cog"} and not takes_text(self.dialect, reply):
            raise SkippedStage(f"{self.model} takes no text")
        rest = f", and {len(names) - 1} more" if len(names) > 1 else ""
        return f"{shorten(self.model, 120)}{rest}", values
