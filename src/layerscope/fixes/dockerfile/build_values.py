"""What the variables of a Makefile, a script or a workflow stand for, as far as the same file tells by plain words."""

import re
from typing import Final

VALUES_LIMIT: Final = 50
"""Values that are followed; of a text with more, none is told."""

TEXT_LIMIT: Final = 1_000
"""Characters of a text that is followed: a path has fewer."""

_DEPTH: Final = 4
"""Variables in one another's values."""

ANY: Final = "*"
"""Stands for what is not told."""

_VARIABLE: Final = re.compile(
    r"\$\{\{\s*(?:[\w-]+\.)*(?P<expression>[\w-]+)\s*\}\}|\$\{\{[^{}]*\}\}|\{\{[^{}]*\}\}"
    r"|\$[({](?P<braced>\w+)(?::?-(?P<default>[^(){}$]*))?[)}]|\$\([^()]*\)|\$\{[^{}]*\}|`[^`]*`"
    r"|\$(?P<plain>\w+|[@*<^?#!$])|%(?P<percent>\w+)%|\$"
)
_DECLARING: Final = r"(?:(?:export|local|readonly|override|set|declare)[ \t]+(?:-\w+[ \t]+)?)*"
_FORMS: Final = (
    rf"(?m)^[ \t]*{_DECLARING}{{name}}[ \t]*(?:[:?]{{{{0,2}}}}=)[ \t]*(?P<line>[^\n#;&]*)",
    r"(?:^|[\s;&|(]){name}=(?P<word>\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|)]+)",
    r"\bfor[ \t]+{name}[ \t]+in[ \t]+(?P<list>[^;\n]*)",
    r"(?m)^[ \t-]*[\"']?{name}[\"']?[ \t]*:[ \t]*(?P<yaml>[^\n#]*)(?P<items>(?:\n[ \t]*-[ \t]+[^\n]*)*)",
)


class Values:
    """The assignments of one file's text."""

    def __init__(self, text: str) -> None:
        """Nothing is read before it is asked for."""
        self._text = text
        self._known: dict[str, list[str]] = {}

    def expand(self, text: str) -> list[str]:
        """All that a text may be, with `*` for what is not told; its quotes are left out."""
        return list(dict.fromkeys(self._expand(text.strip().strip("\"'"), _DEPTH)))

    def _expand(self, text: str, depth: int) -> list[str]:
        if len(text) > TEXT_LIMIT or not depth:
            return [ANY]
        found, place = [""], 0
        for match in _VARIABLE.finditer(text):
            values = self._list_values(match, depth)
            found = [f"{each}{text[place : match.start()]}{value}" for each in found for value in values]
            place = match.end()
            if len(found) > VALUES_LIMIT:
                return [ANY]
        return [f"{each}{text[place:]}" for each in found]

    def _list_values(self, match: re.Match[str], depth: int) -> list[str]:
        """What one variable may be."""
        name = match["expression"] or match["braced"] or match["plain"] or match["percent"] or ""
        values = self._read(name)
        if not values and match["default"] is not None:
            values = [match["default"]]
        return list(dict.fromkeys(each for value in values or [ANY] for each in self._expand(value, depth - 1)))

    def _read(self, name: str) -> list[str]:
        """The values that are assigned to a name; those that are no plain words are not told."""
        if name not in self._known:
            self._known[name] = [] if not re.fullmatch(r"[A-Za-z_][\w-]*", name) else self._find(name)
        return self._known[name]

    def _find(self, name: str) -> list[str]:
        found: list[str] = []
        for form in _FORMS:
            for match in re.finditer(form.format(name=re.escape(name)), self._text):
                groups = match.groupdict()
                if listed := groups.get("list"):
                    found += listed.split()
                elif groups.get("yaml") is not None:
                    items = re.findall(r"\n[ \t]*-[ \t]+([^\n#]*)", groups["items"] or "")
                    found += [*_split(groups["yaml"]), *items]
                else:
                    found.append(groups.get("line") or groups.get("word") or "")
        told = [each.strip().strip("\"'").strip() for each in found]
        values = [each if " " not in each else ANY for each in dict.fromkeys(told) if each]
        return values if len(values) <= VALUES_LIMIT else [ANY]


def has_variable(text: str) -> bool:
    """Whether a text holds a variable, in whatever of these languages."""
    return _VARIABLE.search(text) is not None


def _split(text: str) -> list[str]:
    """A YAML value, or those of a list in brackets."""
    stripped = text.strip()
    return stripped[1:-1].split(",") if stripped.startswith("[") and stripped.endswith("]") else [stripped]
