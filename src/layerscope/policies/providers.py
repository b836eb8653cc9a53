"""What provides a module or a library that was not found: values for the cures of an error."""

import sys
from collections.abc import Mapping
from typing import Final

from layerscope.policies.errors import KnownErrors

_FORMER: Final = frozenset({"asynchat", "asyncore", "imp", "smtpd"})
"""Modules that Python's own library had until 3.11: https://docs.python.org/3/whatsnew/3.12.html#removed"""

_OF_PYTHON: Final = frozenset(sys.stdlib_module_names) | _FORMER


def fit_providers(caught: Mapping[str, str], known: KnownErrors) -> Mapping[str, str]:
    """Which distribution provides the module of a message, or which package of Debian its library."""
    module = caught.get("module", "").strip(".")
    top = module.partition(".")[0]
    package = find_distribution(module, known)
    values = {
        "module_top": top,
        "module_package": package,
        "module_of_python": top if top in _OF_PYTHON and not package else "",
        "library_package": known.libraries.get(caught.get("soname", ""), ""),
    }
    return {name: value for name, value in values.items() if value}


def find_distribution(module: str, known: KnownErrors) -> str:
    """The distribution that the table knows for a module, `google.protobuf.message`, or for a package around it."""
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((known.modules[name] for name in names if name in known.modules), "")
