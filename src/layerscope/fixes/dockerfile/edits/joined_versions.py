"""A requirement joined with what a line or word asks for already: the user's own bounds and extras stay."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.version import InvalidVersion, Version

_PINS: Final = ("==", "===")
_LOWER: Final = (">=", ">")
_UPPER: Final = ("<=", "<")


class Asked(NamedTuple):
    """What a line or word asks for: the name as it is written there, extras with brackets, and versions."""

    name: str
    extras: str
    versions: str

    def join(self, requirement: Requirement, *, is_constraint: bool = False) -> str | None:
        """The same with the requirement; None where no version is left.

        A version that is fixed to one which the requirement rules out is given up: another one is the cure.
        """
        joined = _join(_parse(self.versions), sorted(requirement.specifier, key=str))
        if joined is None:
            return None
        extras = _read_extras(self.extras) | (frozenset() if is_constraint else requirement.extras)
        text = self.extras if extras == _read_extras(self.extras) else f"[{','.join(sorted(extras))}]"
        return f"{self.name}{text}{','.join(map(str, joined))}"

    def meets(self, requirement: Requirement, *, is_constraint: bool = False) -> bool:
        """Whether it asks for no other versions than the requirement, and for its extras."""
        own = _parse(self.versions)
        joined = _join(own, sorted(requirement.specifier, key=str))
        has_extras = is_constraint or requirement.extras <= _read_extras(self.extras)
        return has_extras and joined is not None and set(joined) == set(own)

    @property
    def defect(self) -> str:
        """Why its versions cannot be joined with others; empty where they can."""
        if "$" in self.versions:
            return "with a version from a variable"
        try:
            _parse(self.versions)
        except InvalidSpecifier:
            return "in a way that is not understood"
        return ""


def _parse(versions: str) -> list[Specifier]:
    return [Specifier(part.strip()) for part in versions.split(",") if part.strip()]


def _read_extras(text: str) -> frozenset[str]:
    return frozenset(filter(None, (part.strip() for part in text.strip("[]").split(","))))


def _join(own: Sequence[Specifier], wanted: Sequence[Specifier]) -> list[Specifier] | None:
    """All that both ask for, without what says nothing more; None where no version is left."""
    everything = list(dict.fromkeys((*own, *wanted)))
    if _is_possible(everything):
        return _simplify(everything)
    kept = list(dict.fromkeys((*(each for each in own if each.operator not in _PINS), *wanted)))
    return _simplify(kept) if len(kept) < len(everything) and _is_possible(kept) else None


def _is_possible(specifiers: Sequence[Specifier]) -> bool:
    """Whether bounds leave room between them."""
    pins = [each.version for each in specifiers if each.operator in _PINS and not each.version.endswith(".*")]
    if pins:
        return all(each.contains(pins[0], prereleases=True) for each in specifiers) if _is_version(pins[0]) else False
    lower = max((bound for each in specifiers for bound in _find_lower(each)), default=None)
    upper = min((bound for each in specifiers for bound in _find_upper(each)), default=None)
    if lower is None or upper is None:
        return True
    is_point = lower == (upper[0], False) and upper[1]
    if is_point:
        return all(each.contains(upper[0], prereleases=True) for each in specifiers)
    return lower[0] < upper[0]


def _find_lower(specifier: Specifier) -> Iterable[tuple[Version, bool]]:
    """The lowest version, and whether it is excluded itself."""
    if specifier.operator in {*_LOWER, "~="}:
        yield Version(specifier.version), specifier.operator == ">"
    elif specifier.operator == "==" and specifier.version.endswith(".*"):
        yield _find_first(Version(specifier.version.removesuffix(".*"))), False


def _find_upper(specifier: Specifier) -> Iterable[tuple[Version, bool]]:
    """The highest version, and whether it is allowed itself."""
    if specifier.operator == "<=":
        yield Version(specifier.version), True
    elif specifier.operator == "<":
        yield _find_first(Version(specifier.version)), False
    elif specifier.operator == "~=":
        yield _find_first(_raise(Version(specifier.version).release[:-1])), False
    elif specifier.operator == "==" and specifier.version.endswith(".*"):
        yield _find_first(_raise(Version(specifier.version.removesuffix(".*")).release)), False


def _find_first(version: Version) -> Version:
    """The lowest pre-release of a version, which `<` leaves out with it; a pre-release is its own.

    https://packaging.python.org/en/latest/specifications/version-specifiers/#exclusive-ordered-comparison
    """
    return version if version.is_prerelease else Version(f"{version.public}.dev0")


def _raise(release: tuple[int, ...]) -> Version:
    """The first version that does not begin so."""
    return Version(".".join(map(str, (*release[:-1], release[-1] + 1))))


def _simplify(specifiers: Sequence[Specifier]) -> list[Specifier]:
    """The same without bounds that others imply, in order: what is there already stands where it stood."""
    pins = [each for each in specifiers if each.operator in _PINS and not each.version.endswith(".*")]
    if pins:
        return pins[:1]
    lower = [each for each in specifiers if each.operator in _LOWER]
    upper = [each for each in specifiers if each.operator in _UPPER]
    kept = (
        *sorted(lower, key=lambda each: max(_find_lower(each)))[-1:],
        *sorted(upper, key=lambda each: min(_find_upper(each)))[:1],
    )
    return [each for each in specifiers if each in kept or each.operator not in {*_LOWER, *_UPPER}]


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
