"""The inputs that fuzzing starts from: small and well-formed, for every module of `formats` that is fuzzed."""

from fuzz.binary_seeds import BINARY_SEEDS
from fuzz.text_seeds import TEXT_SEEDS


def make_seeds(module: str) -> tuple[bytes, ...]:
    """The seeds of a module of `formats`; none where nobody wrote one."""
    make = BINARY_SEEDS.get(module)
    return make() if make else TEXT_SEEDS.get(module, ())
