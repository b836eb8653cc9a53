"""The libraries behind the bills of materials, which are an extra of the package: `layerscope[sbom]`."""

from layerscope.errors import UsageError


def need_extra(format_name: str, library: str, error: ImportError) -> UsageError:
    """What to say where the library of a format is not installed."""
    return UsageError(
        f"output format {format_name!r}: it needs {library}, which is not installed ({error}): "
        "pip install 'layerscope[sbom]'"
    )
