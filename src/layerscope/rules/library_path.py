"""The instruction that takes a folder out of LD_LIBRARY_PATH; shared by the rules that ask for it."""

from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.rules.fix import Fix


def take_out(folder: str, configuration: LoaderConfiguration | None) -> Fix:
    """The fix for a folder (from the root) that should not be searched, with what is left of the variable."""
    title = f"Take {folder} out of LD_LIBRARY_PATH"
    if configuration is None:
        return Fix(title, (f"ENV LD_LIBRARY_PATH=…   without {folder}",))
    texts = [part.text for part in configuration.library_path if part.text and part.text.rstrip("/") != folder]
    return Fix(title, (f"ENV LD_LIBRARY_PATH={':'.join(texts)}", f"Or set {folder} for the one program that needs it."))
