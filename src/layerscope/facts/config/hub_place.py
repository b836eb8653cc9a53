"""Where the client of the Hugging Face hub keeps what it fetches, by the environment that it runs in.

The same rule is written in `probe.payload.hub_places`, which runs inside images and imports nothing; a test compares.
"""

from collections.abc import Mapping
from posixpath import join, normpath
from typing import Final

from layerscope.facts.system.launch_words import OFFLINE_VARIABLES

CACHE_VARIABLES: Final = (
    ("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub"), ("XDG_CACHE_HOME", "huggingface/hub"),
    ("HOME", ".cache/huggingface/hub"),
)  # fmt: skip
"""The first that is set counts; see `constants.py` of huggingface_hub."""

_TRUE: Final = frozenset({"1", "ON", "YES", "TRUE"})
"""What huggingface_hub takes for yes."""


def find_hub_place(environment: Mapping[str, str], home: str) -> str:
    """The folder, from the root; `home` is that of the user, where no variable HOME is set."""
    known = {**environment, "HOME": environment.get("HOME") or home}
    variable, below = next((row for row in CACHE_VARIABLES if known.get(row[0])), CACHE_VARIABLES[-1])
    value = known.get(variable) or "/"
    whole = known["HOME"] + value[1:] if value == "~" or value.startswith("~/") else value
    return normpath(join("/", whole, below))


def is_offline(environment: Mapping[str, str]) -> bool:
    """Whether the client may ask nobody."""
    return any(environment.get(name, "").upper() in _TRUE for name in OFFLINE_VARIABLES)
