"""Models with one fault each, made from the canary's own folder."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from layerscope.probe.canary_files import MODEL, MODEL_FILES, read_file
from support import chat_templates as templates

Change = Callable[[Path], None]
INDEX: Final = "model.safetensors.index.json"
POINTER: Final = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 736664\n"
END: Final = 0
"""The canary's end of text."""

PLAIN_END: Final = 101
"""The letter e, which the canary says soon and not first."""


def write_model(folder: Path, change: Change | None = None) -> Path:
    """The canary's folder, with that changed in it."""
    folder.mkdir(parents=True)
    for name in MODEL_FILES:
        (folder / name).write_bytes(read_file(name))
    if change is not None:
        change(folder)
    return folder


def edit_json(folder: Path, name: str, **values: object) -> None:
    """Set fields of a JSON file."""
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def read_tensors(path: Path) -> tuple[dict[str, Any], bytearray]:
    """Header and data of a safetensors file."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])


def write_tensors(path: Path, header: dict[str, Any], data: bytes | bytearray) -> None:
    """The file again."""
    told = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(told)) + told + bytes(data))


def drop_tensor(folder: Path, name: str = "transformer.h.1.attn.c_attn.weight") -> None:
    """Leave one tensor out, and close the gap."""
    header, data = read_tensors(folder / MODEL)
    start, stop = header.pop(name)["data_offsets"]
    for key, row in header.items():
        if key != "__metadata__" and row["data_offsets"][0] >= stop:
            row["data_offsets"] = [each - (stop - start) for each in row["data_offsets"]]
    write_tensors(folder / MODEL, header, data[:start] + data[stop:])


def scale_tensor(folder: Path, name: str, factor: float) -> None:
    """Multiply a tensor of 16-bit floats."""
    header, data = read_tensors(folder / MODEL)
    assert header[name]["dtype"] == "F16"
    start, stop = header[name]["data_offsets"]
    count = (stop - start) // 2
    numbers = struct.unpack(f"<{count}e", data[start:stop])
    data[start:stop] = struct.pack(f"<{count}e", *(max(-60000, min(60000, each * factor)) for each in numbers))
    write_tensors(folder / MODEL, header, data)


def overflow(folder: Path) -> None:
    """Large activations: beyond 16 bits, and well within 32."""
    scale_tensor(folder, "transformer.h.0.mlp.c_proj.weight", 1e5)
    scale_tensor(folder, "transformer.h.0.mlp.c_fc.weight", 1e4)


def break_numbers(folder: Path) -> None:
    """A tensor of what is no number."""
    header, data = read_tensors(folder / MODEL)
    start, _ = header["transformer.ln_f.weight"]["data_offsets"]
    data[start : start + 2] = struct.pack("<H", 0x7E00)
    write_tensors(folder / MODEL, header, data)


def end_first(folder: Path) -> None:
    """Every position's logits favour the end: the last norm gives one direction, that of the end's larger embedding."""
    header, data = read_tensors(folder / MODEL)
    width = header["transformer.ln_f.weight"]["shape"][0]
    rows, _ = header["transformer.wte.weight"]["data_offsets"]
    ends = data[rows + 2 * width * END : rows + 2 * width * (END + 1)]
    start, stop = header["transformer.ln_f.weight"]["data_offsets"]
    data[start:stop] = bytes(stop - start)
    start, stop = header["transformer.ln_f.bias"]["data_offsets"]
    direction = struct.unpack(f"<{width}e", ends)
    data[start:stop] = ends
    data[rows + 2 * width * END : rows + 2 * width * (END + 1)] = struct.pack(
        f"<{width}e", *(10 * x for x in direction)
    )
    write_tensors(folder / MODEL, header, data)


def shard(folder: Path) -> None:
    """One shard and its index."""
    header, _ = read_tensors(folder / MODEL)
    (folder / MODEL).rename(folder / "model-00001-of-00001.safetensors")
    names = {name: "model-00001-of-00001.safetensors" for name in header if name != "__metadata__"}
    (folder / INDEX).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": names}))


def lose_shard(folder: Path) -> None:
    """A second shard, named and not there."""
    shard(folder)
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"]["transformer.wpe.weight"] = "model-00002-of-00002.safetensors"
    (folder / INDEX).write_text(json.dumps(index))


def dangle(folder: Path) -> None:
    """A snapshot of a hub's cache, copied without its blobs."""
    (folder / MODEL).unlink()
    (folder / MODEL).symlink_to("../../blobs/4d4d4d")


def claim_tokens(folder: Path) -> None:
    """A config of more tokens than the weights have."""
    edit_json(folder, "config.json", vocab_size=300)


def widen_tokenizer(folder: Path) -> None:
    """A token more than the model has rows."""
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    token = {"id": 300, "content": "<|extra|>", "special": True}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    document["added_tokens"].append({**token, **flags})
    document["model"]["vocab"] |= {f"<filler {number}>": number for number in range(256, 300)}
    path.write_text(json.dumps(document))


def lose_tokenizer(folder: Path) -> None:
    """Only weights and config were copied."""
    (folder / "tokenizer.json").unlink()


def drop_nul(folder: Path) -> None:
    """A normalizer as BERT's, that takes control characters out."""
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    document["normalizer"] = {"type": "Replace", "pattern": {"Regex": "\\x00"}, "content": ""}
    path.write_text(json.dumps(document))


def drop_letters(folder: Path) -> None:
    """A normalizer that takes out what prompts are made of."""
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    document["normalizer"] = {"type": "Replace", "pattern": {"Regex": "[A-Za-z]"}, "content": ""}
    path.write_text(json.dumps(document))


UNKNOWN: Final = "[UNK]"


def limit_words(folder: Path) -> None:
    """WordPiece as BERT's, which makes one token of a word that is too long; its other tokens are the canary's own."""
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    document["pre_tokenizer"]["use_regex"] = True
    vocabulary = replace_last_tokens(document, UNKNOWN)
    document["model"] = {
        "type": "WordPiece", "unk_token": UNKNOWN, "continuing_subword_prefix": "", "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    }  # fmt: skip
    path.write_text(json.dumps(document))
    edit_json(folder, "tokenizer_config.json", unk_token=UNKNOWN)


def forget_emoji(folder: Path) -> None:
    """The same without the byte with which most emoji begin."""
    limit_words(folder)
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    del document["model"]["vocab"]["\u00f0"]
    path.write_text(json.dumps(document))


def name_unknown(folder: Path) -> None:
    """A token of unknown text that no text gives, as with other tokenizers of bytes."""
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    replace_last_tokens(document, UNKNOWN)
    path.write_text(json.dumps(document))
    edit_json(folder, "tokenizer_config.json", unk_token=UNKNOWN)


def replace_last_tokens(document: dict[str, Any], *names: str) -> dict[str, int]:
    """The vocabulary with these in place of its last bytes, which no text in UTF-8 has."""
    vocabulary: dict[str, int] = document["model"]["vocab"]
    last = {number: name for name, number in vocabulary.items()}
    for place, name in enumerate(names):
        del vocabulary[last[255 - place]]
        vocabulary[name] = 255 - place
    return vocabulary


def cut_prompts(folder: Path, tokens: int = 16) -> None:
    """A tokenizer that is told to read no more, for transformers and for the tokenizers library."""
    edit_json(folder, "tokenizer_config.json", model_max_length=tokens)
    rules = {"direction": "Right", "max_length": tokens, "strategy": "LongestFirst", "stride": 0}
    edit_json(folder, "tokenizer.json", truncation=rules)


def know_marks(folder: Path) -> None:
    """The marks of ChatML as tokens, in a template of theirs."""
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    vocabulary = replace_last_tokens(document, "<|im_start|>", "<|im_end|>")
    document["added_tokens"] = [
        {"id": vocabulary[name], "content": name, **flags} for name in ("<|im_end|>", "<|im_start|>")
    ]
    path.write_text(json.dumps(document))
    (folder / "chat_template.jinja").write_text(templates.CHATML)


BROKEN_STREAM: Final = """
from transformers import GPT2LMHeadModel

class Streaming(GPT2LMHeadModel):
    def generate(self, *args, streamer=None, **options):
        if streamer is not None:
            raise RuntimeError("shapes do not fit")
        return super().generate(*args, **options)
"""


SOUND_CODE: Final = """
from transformers import GPT2LMHeadModel

class Streaming(GPT2LMHeadModel):
    pass
"""

UNKNOWN_KIND: Final = """
from transformers import GPT2Config, GPT2LMHeadModel

class OwnConfig(GPT2Config):
    model_type = "own-kind"

class Own(GPT2LMHeadModel):
    config_class = OwnConfig
"""


def bring_code(folder: Path, text: str = BROKEN_STREAM) -> None:
    """A model with code of its own."""
    (folder / "streaming.py").write_text(text)
    edit_json(folder, "config.json", auto_map={"AutoModelForCausalLM": "streaming.Streaming"})


def bring_unknown_kind(folder: Path) -> None:
    """A model of a kind that transformers does not know, with code of its own."""
    (folder / "own.py").write_text(UNKNOWN_KIND)
    code = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.Own"}
    edit_json(folder, "config.json", model_type="own-kind", architectures=["Own"], auto_map=code)


def widen_context(folder: Path, times: int = 16) -> None:
    """Positions for longer texts: those that there are, again and again."""
    name = "transformer.wpe.weight"
    header, data = read_tensors(folder / MODEL)
    count, width = header[name]["shape"]
    start, stop = header[name]["data_offsets"]
    rows = bytes(data[start:stop]) * times
    for key, row in header.items():
        if key != "__metadata__" and row["data_offsets"][0] >= stop:
            row["data_offsets"] = [each + len(rows) - (stop - start) for each in row["data_offsets"]]
    header[name] = {**header[name], "shape": [count * times, width], "data_offsets": [start, start + len(rows)]}
    write_tensors(folder / MODEL, header, bytes(data[:start]) + rows + bytes(data[stop:]))
    edit_json(folder, "config.json", n_positions=count * times, n_ctx=count * times)
    edit_json(folder, "tokenizer_config.json", model_max_length=count * times)


def end_turns(folder: Path) -> None:
    """That template, with the canary's own end."""
    (folder / "chat_template.jinja").write_text(templates.ENDED)
    edit_json(folder, "tokenizer_config.json", eos_token="\u0100")
