"""A text that comes piece by piece: events of a server, or lines of JSON, with the time at which each came."""

from typing import Any, Dict, Optional

from layerscope.probe.payload.answer_text import Answer
from layerscope.probe.payload.api_dialects import find_end
from layerscope.probe.payload.http_client import read_json

MAX_EVENTS = 5000


def count_pieces(count: int) -> str:
    """So many pieces in words."""
    return "{} piece{}".format(count, "" if count == 1 else "s")


class AnswerStream:
    """Takes the bytes as they come."""

    def __init__(self, dialect: str, main: str) -> None:
        """Expect that dialect, and the text in the field `main`."""
        self._dialect, self._main = dialect, main
        self._partial = b""
        self.answer = Answer({}, main)
        self.error = ""
        self.has_end = False
        self.events = 0
        self.first_byte: Optional[float] = None
        self.first_text: Optional[float] = None
        self.last: float = 0.0
        self.longest_gap: float = 0.0
        self.texts = 0
        """Pieces with a text."""
        self._gap_from: Optional[float] = None

    def take(self, piece: bytes, at: float) -> None:
        """The next bytes, `at` seconds after the call."""
        if self.first_byte is None:
            self.first_byte = at
        else:
            self.longest_gap = max(self.longest_gap, at - self.last)
        self.last = at
        lines = (self._partial + piece).split(b"\n")
        self._partial = lines.pop()[-(1 << 20) :]
        for line in lines:
            self._take_line(line.decode("utf-8", "replace").strip(), at)

    def finish(self) -> None:
        """Take the last line, which may lack its end."""
        line, self._partial = self._partial, b""
        self._take_line(line.decode("utf-8", "replace").strip(), self.last)

    def _take_line(self, line: str, at: float) -> None:
        if line.startswith("data:"):
            line = line[5:].strip()
        elif not line.startswith(("{", "[")):
            return
        if self.events >= MAX_EVENTS:
            return
        self.events += 1
        body = read_json(line)
        self.has_end = self.has_end or find_end(self._dialect, line, body)
        if not isinstance(body, dict):
            return
        if body.get("error"):
            self.error = self.error or str(body["error"])[:400]
        if self._dialect == "tgi" and "token" in body:
            body = {"token": body["token"], "details": body.get("details")}  # its last piece repeats all of the text
        part = Answer(body, self._main)
        if part.text or part.others:
            self.texts += 1
            self.first_text = at if self.first_text is None else self.first_text
        self.answer.add(part)

    def measure(self) -> Dict[str, Any]:
        """Its times, in seconds, and how many pieces came."""
        spent = self.last - (self.first_text if self.first_text is not None else self.last)
        told: Dict[str, Any] = {
            "first_byte": _round(self.first_byte), "first_text": _round(self.first_text), "events": self.events,
            "longest_gap": _round(self.longest_gap), "pieces": self.texts, "end_marker": self.has_end,
        }  # fmt: skip
        if self.texts > 1 and spent > 0:
            told["pieces_per_second"] = round((self.texts - 1) / spent, 1)
        return told


def _round(seconds: Optional[float]) -> Optional[float]:
    return None if seconds is None else round(seconds, 4)
