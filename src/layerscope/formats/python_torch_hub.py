"""Whether a Python script fetches weights by PyTorch's hub, which keeps them in a cache of its own."""

from collections.abc import Sequence
from typing import Final

from layerscope.formats.python_imports import CONTENT_LIMIT
from layerscope.formats.python_words import iter_words

_CALLS: Final = frozenset({"load", "load_state_dict_from_url", "download_url_to_file"})
"""What fetches, of `torch.hub`: https://docs.pytorch.org/docs/stable/hub.html."""

_TORCH: Final = ["torch", "."]


def find_hub_call(content: bytes) -> str | None:
    """The function of `torch.hub` that the script calls or imports, of those that fetch; None where there is none."""
    content = content[:CONTENT_LIMIT]
    if b"hub" not in content or b"torch" not in content:
        return None
    words = [word for kind, word in iter_words(content.decode("utf-8-sig", "replace")) if kind in {"word", "sign"}]
    places = (place for place, word in enumerate(words) if word == "hub" and words[max(place - 2, 0) : place] == _TORCH)
    return next((words[place + 2] for place in places if _fetches(words[place + 1 : place + 3])), None)


def _fetches(following: Sequence[str]) -> bool:
    """Whether what follows the module's name is an attribute or an import that fetches."""
    return len(following) == len(_TORCH) and following[0] in {".", "import"} and following[1] in _CALLS
