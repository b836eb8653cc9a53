"""Stages `own-prefill` to `own-stream`: the image's own model run, at several lengths, to a text, and as a stream."""

import math
import time
from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.generated_text import judge_text
from layerscope.probe.payload.own_model import OwnModel
from layerscope.probe.payload.own_prompts import PROMPTS
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage, describe_error

LENGTHS = (8, 63, 64, 65, 512)
"""Tokens of a prompt: kernels differ on the two sides of 64, and with a long one."""

NEW_TOKENS = 32
LEAST_TOKENS = 8
"""New tokens that are asked for, and that are forced where the model ends at once."""

LARGE = 1 << 30
"""Parameters from which on the longest prompt is left out on a CPU."""

STREAM_SECONDS = 30.0
"""Longest gap of a stream."""

SHOWN_TOKENS = 40


class OwnGeneration:
    """What becomes of a prompt."""

    def __init__(self, own: OwnModel) -> None:
        """Take the model, which the stages before have loaded."""
        self._own = own
        self._prompt: List[int] = []
        self._tokens: List[int] = []

    def prefill(self) -> Tuple[str, Dict[str, Any]]:
        """Logits of prompts of several lengths: finite, and which token comes first."""
        import torch

        lengths = self._choose_lengths()
        values: Dict[str, Any] = {"lengths": {}, "dtype": str(self._own.model.dtype).replace("torch.", "")}
        ids = self._own.encode(PROMPTS[0]) or [0]
        broken = []
        for length in lengths:
            row = (ids * (length // len(ids) + 1))[:length]
            began = time.monotonic()
            logits = self._compute(self._own.model, row)
            seconds = time.monotonic() - began
            is_finite = bool(torch.isfinite(logits).all())
            values["lengths"][str(length)] = {
                "finite": is_finite, "first": int(logits[0, -1].argmax()), "seconds": round(seconds, 4),
            }  # fmt: skip
            if not is_finite:
                broken.append(length)
        if broken:
            self._explain(broken, lengths, ids, values)
        rate = lengths[-1] / max(values["lengths"][str(lengths[-1])]["seconds"], 1e-9)
        return "logits finite at {} tokens, {:.0f} a second".format("/".join(map(str, lengths)), rate), values

    def _choose_lengths(self) -> List[int]:
        """Those that fit the context, and the longest only where it does not take minutes."""
        config = self._own.model.config
        context = int(getattr(config, "max_position_embeddings", 0) or getattr(config, "n_positions", 0) or 0)
        is_slow = self._own.device == "cpu" and sum(each.numel() for each in self._own.model.parameters()) > LARGE
        most = min(context or LENGTHS[-1], 65 if is_slow else LENGTHS[-1])
        return [length for length in LENGTHS if length <= most] or [most]

    def _compute(self, model: Any, row: List[int]) -> Any:
        import torch

        ids = torch.tensor([row], device=self._own.device)
        options = {"decoder_input_ids": ids[:, :1]} if model.config.is_encoder_decoder else {}
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), **options).logits.float()
        if self._own.device == "cuda":
            torch.cuda.synchronize()
        return logits

    def _explain(self, broken: List[int], lengths: List[int], ids: List[int], values: Dict[str, Any]) -> None:
        """Whether the type of the numbers is to blame: the same model once more, with 32 bits."""
        import torch

        where = "at any length" if broken == lengths else "at {} tokens".format("/".join(map(str, broken)))
        row = (ids * (broken[0] // len(ids) + 1))[: broken[0]]
        try:
            model = self._own.model.float()
            values["finite_in_float32"] = bool(torch.isfinite(self._compute(model, row)).all())
        except Exception as error:  # noqa: BLE001 -- memory, most of all
            values["float32"] = shorten(describe_error(error), 300)
        kind, told = "not-finite", ""
        if values.get("finite_in_float32") and values["dtype"] != "float32":
            kind, told = "overflow", ", and are so in float32"
        raise FailedStage(kind, "logits in {} are not finite {}{}".format(values["dtype"], where, told), values)

    def decode(self) -> Tuple[str, Dict[str, Any]]:
        """A greedy answer; one that ends at once is asked for again, with a least length."""
        values: Dict[str, Any] = {"prompts": {}}
        for prompt in PROMPTS:
            self._prompt = self._fit(self._own.encode(prompt))
            if not self._prompt:
                values["prompts"][prompt] = {"tokens": 0, "prompt": 0}
                continue
            began = time.monotonic()
            self._tokens = self._generate(self._prompt)
            seconds = time.monotonic() - began
            values["prompts"][prompt] = {
                "prompt": len(self._prompt), "tokens": len(self._tokens), "seconds": round(seconds, 4),
                "ids": self._tokens[:SHOWN_TOKENS], "kind": self._judge()[0],
            }  # fmt: skip
            if not values["prompts"][prompt]["kind"]:
                rate = len(self._tokens) / max(seconds, 1e-9)
                return f"{len(self._tokens)} tokens, {rate:.0f} a second", values
        self._explain_end(values)
        return f"{len(self._tokens)} tokens", values  # the stage `own-text` says what is wrong with them

    def _fit(self, ids: List[int]) -> List[int]:
        """The prompt, cut so that the answer has room."""
        config = self._own.model.config
        context = int(getattr(config, "max_position_embeddings", 0) or getattr(config, "n_positions", 0) or 0)
        return ids[-max(1, context - NEW_TOKENS) :] if context else ids

    def _generate(self, prompt: List[int], **options: Any) -> List[int]:
        import torch

        ids = torch.tensor([prompt], device=self._own.device)
        told = dict(options, do_sample=False, max_new_tokens=NEW_TOKENS, attention_mask=torch.ones_like(ids))
        with torch.no_grad():
            given = self._own.model.generate(ids, num_beams=1, **told)
        skipped = 1 if self._own.model.config.is_encoder_decoder else len(prompt)
        return [int(each) for each in given[0, skipped:]]

    def _explain_end(self, values: Dict[str, Any]) -> None:
        """Raise where every answer ends before it begins."""
        ends = find_ends(self._own)
        if any(row["tokens"] and row["ids"][0] not in ends for row in values["prompts"].values()):
            return
        forced = self._generate(self._prompt, min_new_tokens=LEAST_TOKENS) if self._prompt else []
        text = self._own.tokenizer.decode(forced, skip_special_tokens=True)
        values["forced"] = {"tokens": forced[:SHOWN_TOKENS], "text": shorten(text, 200)}
        goes_on = (
            f"made to go on, it says {shorten(text, 80)!r}" if text.strip() else "made to go on, it says nothing either"
        )
        raise FailedStage("eos-first", f"the first token is the end of the text, whatever is asked; {goes_on}", values)

    def _clean(self) -> str:
        return str(self._own.tokenizer.decode(self._tokens, skip_special_tokens=True))

    def _raw(self) -> str:
        return str(self._own.tokenizer.decode(self._tokens, skip_special_tokens=False))

    def _judge(self) -> Tuple[str, str]:
        return judge_text(self._clean(), raw=self._raw(), tokens=self._tokens)

    def tell_text(self) -> Tuple[str, Dict[str, Any]]:
        """The answer as text, with and without its special tokens."""
        text, raw = self._clean(), self._raw()
        values = {"text": shorten(text), "raw": shorten(raw), "tokens": len(self._tokens)}
        kind, detail = self._judge()
        if kind:
            raise FailedStage(kind, detail, values)
        return repr(shorten(text, 120)), values

    def stream(self) -> Tuple[str, Dict[str, Any]]:
        """The same answer as servers stream it: `generate` in a thread, with the image's own generation settings."""
        import threading

        import torch
        import transformers

        if not hasattr(transformers, "TextIteratorStreamer"):
            raise SkippedStage("this transformers streams nothing")
        if self._own.model.config.is_encoder_decoder:
            raise SkippedStage("a model with an encoder is not streamed")
        if (getattr(self._own.model.generation_config, "num_beams", 1) or 1) > 1:
            raise SkippedStage("generation_config.json asks for beams, which transformers does not stream")
        streamer = transformers.TextIteratorStreamer(
            self._own.tokenizer, skip_prompt=True, timeout=STREAM_SECONDS, skip_special_tokens=True
        )
        ids = torch.tensor([self._prompt], device=self._own.device)
        raised: List[BaseException] = []

        def work() -> None:
            try:
                with torch.no_grad():
                    self._own.model.generate(
                        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS,
                        streamer=streamer,
                    )  # fmt: skip
            except BaseException as error:  # noqa: BLE001 -- what nobody sees in a thread is what is looked for
                raised.append(error)
                streamer.end()

        thread = threading.Thread(target=work, name="generate", daemon=True)
        thread.start()
        return self._follow(streamer, raised)

    def _follow(self, streamer: Any, raised: List[BaseException]) -> Tuple[str, Dict[str, Any]]:
        began = last = time.monotonic()
        pieces, gap, first = [], 0.0, math.nan  # type: List[str], float, float
        values: Dict[str, Any] = {}
        try:
            for piece in streamer:
                now = time.monotonic()
                gap, last = max(gap, now - last), now
                first = first if pieces or not piece else now - began
                pieces.append(piece)
        except Exception as error:  # noqa: BLE001 -- queue.Empty, most of all
            values["error"] = describe_error(error)
        text = "".join(pieces)
        values.update(text=shorten(text), pieces=len(pieces), longest_gap=round(gap, 4))
        values["first_seconds"] = None if math.isnan(first) else round(first, 4)
        if raised:
            detail = f"generate() raised in its thread: {shorten(describe_error(raised[0]), 500)}"
            raise FailedStage("swallowed-exception", detail, values)
        if "error" in values:
            raise FailedStage("stalled-stream", f"no piece came for {STREAM_SECONDS:.0f} s", values)
        if _shape(text) != _shape(self._clean()):
            detail = f"the stream gives {shorten(text, 80)!r}, and generate() {shorten(self._clean(), 80)!r}"
            raise FailedStage("stream-differs", detail, values)
        return "{} piece{}, the same text".format(len(pieces), "" if len(pieces) == 1 else "s"), values


def _shape(text: str) -> str:
    """The beginning of a text without its blanks: pieces that come one by one are joined with others."""
    return "".join(text.split())[:16]


def find_ends(own: OwnModel) -> List[int]:
    """The tokens at which a generation stops."""
    told = getattr(own.model.generation_config, "eos_token_id", None)
    return [told] if isinstance(told, int) else list(told or [])
