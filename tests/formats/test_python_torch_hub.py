"""Scripts that fetch by PyTorch's hub, read from their text."""

import pytest

from layerscope.formats.python_torch_hub import find_hub_call


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model = torch.hub.load('a/b', 'c')", True),
        ("from torch.hub import load_state_dict_from_url", True),
        ("torch.hub.set_dir('/x')", False),
        ("from torch.hub import get_dir", False),
        ("other.hub.load('a')", False),
        ("# torch.hub.load('a/b', 'c')", False),
        ("'torch.hub.load'", False),
        ("torch.hub", False),
        ("", False),
    ],
)
def test_only_what_fetches_counts(text: str, told: bool) -> None:
    """In code, of torch."""
    assert (find_hub_call(text.encode()) is not None) is told
