"""Stage `batch`: how many texts fit into memory at once, each attempt in a process of its own.

An attempt that runs out of memory leaves its allocator in pieces, so that the next one in the same process says little.
"""

import signal
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from layerscope.probe.payload.canary import Canary
from layerscope.probe.payload.memory import find_memory_limit, measure_memory, tell_shortage
from layerscope.probe.payload.own_model import OwnModel
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, describe_error

PROMPT_TOKENS, BATCH_TOKENS = 32, 32
"""Tokens of each prompt, and new ones."""

FITS, SHORT = "fits", "out-of-memory"

SAFE_SHARES = (0.95, 0.9)
"""Shares of memory for which the largest batch is reckoned."""

Attempt = Dict[str, Any]


class Batch:
    """One attempt: the model loaded, and as many prompts at once as are asked for."""

    def __init__(self, settings: Dict[str, Any], blobs: List[bytes]) -> None:
        """Take the image's own model, or else the canary."""
        self._count, self._wanted = int(settings["batch"]), settings["device"]
        self._own = OwnModel(settings["model"], self._wanted) if settings["model"].get("folder") else None
        self._canary = Canary(blobs[0], dict(settings["golden"], logits=blobs[1]))

    def run(self) -> Tuple[str, Dict[str, Any]]:
        """Generate; raises FailedStage of the kind `out-of-memory` where there is too little."""
        limit = find_memory_limit()
        try:
            produced, seconds, device = self._run_own(self._own) if self._own else self._run_canary()
        except FailedStage:
            raise
        except BaseException as error:
            if not tell_shortage(error):
                raise
            raise FailedStage(SHORT, shorten(describe_error(error), 400)) from None
        values = {"batch": self._count, "tokens": produced, "seconds": round(seconds, 4), "device": device}
        values.update(_measure_use(measure_memory(), device, limit))
        return f"{self._count} at once", values

    def _run_canary(self) -> Tuple[int, float, str]:
        self._canary.load()
        self._canary.move(self._wanted)
        began = time.monotonic()
        produced = self._canary.fill(self._count, PROMPT_TOKENS, BATCH_TOKENS)
        return produced, time.monotonic() - began, self._canary.device

    def _run_own(self, own: OwnModel) -> Tuple[int, float, str]:
        import torch

        own.load()
        own.move()
        ids = torch.ones((self._count, PROMPT_TOKENS), dtype=torch.long, device=own.device)
        began = time.monotonic()
        with torch.no_grad():
            given = own.model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=1, min_new_tokens=BATCH_TOKENS,
                max_new_tokens=BATCH_TOKENS,
            )  # fmt: skip
        return int(given.numel()) - self._count * PROMPT_TOKENS, time.monotonic() - began, own.device


def _measure_use(memory: Dict[str, Any], device: str, limit: Optional[int]) -> Dict[str, Any]:
    """The most that was used, and of how much: of the GPU with what others have of it, else of this process."""
    gpu = memory.get("gpu") or {}
    if device == "cuda" and "free" in gpu:
        beside = gpu["total"] - gpu["free"] - gpu["reserved"]
        return {"used": gpu["reserved_peak"] + max(0, beside), "total": gpu["total"]}
    return {"used": memory.get("rss_peak"), "total": limit}


def describe_attempt(size: int, ended: Dict[str, Any], code: Optional[int], *, is_cut: bool) -> Attempt:
    """What an attempt came to; a process that the kernel killed was out of memory."""
    values = ended.get("values") or {}
    found = {"batch": size, "outcome": "error", "detail": ended.get("detail", "")}
    if is_cut:
        found.update(outcome="hang", detail="it did not end in time")
    elif not ended and code == -signal.SIGKILL:
        found.update(outcome=SHORT, detail="the kernel ended the process")
    elif not ended:
        found.update(outcome="crash", detail=f"the process ended with {code}")
    elif ended.get("status") == "passed":
        found.update(
            outcome=FITS, **{name: values.get(name) for name in ("used", "total", "seconds", "tokens", "device")}
        )
    elif ended.get("kind") == SHORT:
        found["outcome"] = SHORT
    return found


def search_batch(attempt: Callable[[int], Attempt], most: int) -> Tuple[str, Dict[str, Any]]:
    """Halve from the most until one fits, then try once what its memory lets expect; raises FailedStage."""
    tried: List[Attempt] = []

    def run(size: int) -> bool:
        tried.append(attempt(size))
        outcome = tried[-1]["outcome"]
        if outcome not in {FITS, SHORT}:
            detail = "a batch of {}: {}".format(size, tried[-1]["detail"] or outcome)
            raise FailedStage("batch-" + outcome, detail, {"attempts": tried})
        return bool(outcome == FITS)

    size, failed = most, 0
    while not run(size):
        if size == 1:
            raise FailedStage(SHORT, "not even one text fits: {}".format(tried[-1]["detail"]), {"attempts": tried})
        size, failed = size // 2, size
    largest = size
    if size > 1:
        run(1)
        guess = _guess(tried, failed) if failed else 0
        if guess > largest and run(guess):
            largest = guess
    values = {"largest": largest, "attempts": tried, "safe": _reckon(tried)}
    return _tell_batch(values, most), values


def fit_line(tried: List[Attempt]) -> Optional[Tuple[float, float]]:
    """Bytes that are used by none, and by each more, through the smallest and the largest that fit."""
    points = sorted((each["batch"], each["used"]) for each in tried if each["outcome"] == FITS and each.get("used"))
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    slope = (points[-1][1] - points[0][1]) / float(points[-1][0] - points[0][0])
    return (points[0][1] - slope * points[0][0], slope) if slope > 0 else None


def _guess(tried: List[Attempt], failed: int) -> int:
    """The largest that should fit below the one that did not; the middle where no line tells."""
    fitting = [each for each in tried if each["outcome"] == FITS]
    largest: int = max(each["batch"] for each in fitting)
    line, total = fit_line(tried), fitting[0].get("total")
    reckoned = int((SAFE_SHARES[0] * total - line[0]) / line[1]) if line and total else 0
    return min(reckoned, failed - 1) if reckoned > largest else (largest + failed) // 2


def _reckon(tried: List[Attempt]) -> Dict[str, int]:
    """By share of memory, the batch that should take no more: a line through what was measured, not a proof."""
    line, total = fit_line(tried), next((each["total"] for each in tried if each.get("total")), None)
    if line is None or not total:
        return {}
    return {f"{share:g}": max(0, int((share * total - line[0]) / line[1])) for share in SAFE_SHARES}


def _tell_batch(values: Dict[str, Any], most: int) -> str:
    failed = [each["batch"] for each in values["attempts"] if each["outcome"] == SHORT]
    rest = f"{min(failed)} do not" if failed else "no more were asked for"
    attempts = len(values["attempts"])
    told = "{} of {} texts fit at once, {} ({} attempts)".format(values["largest"], most, rest, attempts)
    safe = values["safe"].get("0.95")
    return f"{told}; by their memory up to {safe}" if safe and not failed else told
