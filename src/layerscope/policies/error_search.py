"""Finding known errors in a text: a message, a traceback, a log, or what a person says."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.policies.errors import CodeRow, ErrorRow, KnownErrors
from layerscope.policies.explanation import Explanation, Likeness, explain_code, explain_row

MAX_MATCHES: Final = 500
"""Places of one error in a text that are looked at; a log may repeat itself for hours."""
MAX_QUOTES: Final = 5
"""Different wordings of one error that are quoted."""
MAX_QUOTE: Final = 300
"""Characters of a quote."""
SURE_CODE: Final = 34
"""Codes from here on are believed of `Error 35` alone; below, `Error 2` is anybody's."""
SURE_TEXT: Final = 24
"""Characters from which a code's text is believed without the word CUDA before it."""
REACH: Final = 120
"""Characters before a code in which the word CUDA counts."""
SUGGESTIONS: Final = 3
LEAST_LIKENESS: Final = 0.3
"""Part of a text's telling words that a suggestion shares."""

_TERMINAL: Final = re.compile(r"\x1b\[[0-9;:?]{0,40}[ -/]{0,4}[@-~]|\r(?=\n)")
_NUMBER: Final = re.compile(
    r"\b(?P<word>[Ee]rror|ERROR|err|failure|[Cc]ode|status|returned|rc)(?: code)?[ :=(#]{1,3}(?P<number>\d{1,3})\b"
)
_BARE: Final = re.compile(r"\d{1,3}", re.ASCII)
_CONTEXT: Final = re.compile(r"(?i:cuda|nvcuda|nvidia)|\bcu[A-Z]\w")
_NAMES: Final = re.compile(r"\b(?:cudaError[A-Z]\w{1,60}|CUDA_ERROR_[A-Z_]{2,60})\b")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]{2,40}")


@dataclass(frozen=True)
class _Place:
    """Where a row or a code was recognised."""

    start: int
    end: int
    values: tuple[tuple[str, str], ...] = ()


def clean_text(text: str) -> str:
    """A text without what terminals are told by."""
    return _TERMINAL.sub("", text)


def find_explanations(known: KnownErrors, text: str) -> tuple[Explanation, ...]:
    """The errors that a text shows, the most specific first: messages, then codes, then what a person describes."""
    named = known.rows.get(text.strip())
    if named is not None:
        return (explain_row(named, known, Likeness.NAME),)
    code = known.codes.get(int(text)) if _BARE.fullmatch(text.strip()) else None
    if code is not None:
        row = known.rows.get(code.error)
        return (explain_code(code, Likeness.CODE) if row is None else explain_row(row, known, Likeness.CODE),)
    messages = _find_messages(known, text)
    found = [
        (_rank(Likeness.MESSAGE, places), _explain(row, known, Likeness.MESSAGE, places, text))
        for row, places in messages
    ]
    seen = {explanation.id for _, explanation in found}
    for code, places in _find_codes(known, text):
        row = known.rows.get(code.error)
        if row is not None and row.id in seen:
            continue
        explanation = (
            _explain(row, known, Likeness.CODE, places, text)
            if row is not None
            else explain_code(code, Likeness.CODE, _quote(places, text))
        )
        seen.add(explanation.id)
        found.append((_rank(Likeness.CODE, places), explanation))
    if not found:
        found = [
            (_rank(Likeness.SYMPTOM, places), _explain(known.rows[name], known, Likeness.SYMPTOM, places, text))
            for name, pattern in known.symptoms.items()
            if (places := list(_iter_places(pattern, text)))
        ]
    return tuple(explanation for _, explanation in sorted(found, key=lambda pair: (pair[0], pair[1].id)))


def suggest_errors(known: KnownErrors, text: str) -> tuple[ErrorRow, ...]:
    """The errors whose messages share most telling words with a text that none of them is found in."""
    shown = {row.id: _tell_words((row.id.replace("-", " "), row.title, *row.examples)) for row in known.table.error}
    rarity = Counter(word for words in shown.values() for word in words)
    weights = {word: math.log(1 + len(shown) / count) for word, count in rarity.items()}
    asked = _tell_words([text[:4000]]) & weights.keys()
    most = sum(weights[word] for word in asked)
    scores = {name: sum(weights[word] for word in asked & words) for name, words in shown.items()}
    best = sorted(
        (name for name, score in scores.items() if most and score / most >= LEAST_LIKENESS),
        key=lambda name: (-scores[name], name),
    )
    return tuple(known.rows[name] for name in best[:SUGGESTIONS])


def _find_messages(known: KnownErrors, text: str) -> list[tuple[ErrorRow, list[_Place]]]:
    """Rows with the places of their messages, without those places that a special case explains."""
    places = {name: list(_iter_places(pattern, text)) for name, pattern in known.messages.items()}
    for name in [name for name, found in places.items() if found]:
        for general in known.rows[name].special_case_of:
            places[general] = [place for place in places[general] if not _overlaps(place, places[name])]
    return [(known.rows[name], found) for name, found in places.items() if found]


def _iter_places(pattern: re.Pattern[str], text: str) -> Iterator[_Place]:
    for number, match in enumerate(pattern.finditer(text)):
        if number == MAX_MATCHES:
            return
        values = tuple((group, value) for group, value in match.groupdict().items() if value)
        yield _Place(match.start(), match.end(), values)


def _overlaps(place: _Place, others: Iterable[_Place]) -> bool:
    return any(place.start < other.end and other.start < place.end for other in others)


def _find_codes(known: KnownErrors, text: str) -> list[tuple[CodeRow, list[_Place]]]:
    """Codes by number, by name of the runtime or the driver, and by text."""
    by_name = {name: code for code in known.table.code for name in (code.name, code.driver_name) if name}
    places: dict[int, list[_Place]] = {}
    for match in _NAMES.finditer(text):
        if match[0] in by_name:
            places.setdefault(by_name[match[0]].number, []).append(_Place(match.start(), match.end()))
    for match in _NUMBER.finditer(text):
        number = int(match["number"])
        is_sure = number >= SURE_CODE and match["word"].lower() == "error"
        if number in known.codes and (is_sure or _has_context(text, match.start(), match.end())):
            places.setdefault(number, []).append(_Place(match.start(), match.end()))
    for code in known.table.code:
        words = code.text.rstrip(".")
        start = text.find(words)
        if start >= 0 and (len(words) >= SURE_TEXT or _has_context(text, start, start)):
            places.setdefault(code.number, []).append(_Place(start, start + len(words)))
    return [(known.codes[number], found[:MAX_MATCHES]) for number, found in sorted(places.items())]


def _has_context(text: str, start: int, end: int) -> bool:
    """Whether the line says before, or at once, that it is about CUDA."""
    begin = max(text.rfind("\n", 0, start) + 1, start - REACH)
    return _CONTEXT.search(text, begin, end) is not None


def _rank(likeness: Likeness, places: list[_Place]) -> tuple[int, int, int]:
    """Surer before less sure, longer words before shorter ones, earlier before later."""
    return likeness, -max(place.end - place.start for place in places), places[0].start


def _explain(row: ErrorRow, known: KnownErrors, likeness: Likeness, places: list[_Place], text: str) -> Explanation:
    fullest = max(places, key=lambda place: len(place.values))
    return explain_row(row, known, likeness, _quote(places, text), dict(fullest.values))


def _quote(places: list[_Place], text: str) -> tuple[str, ...]:
    """The different wordings, in the order of the text."""
    quotes = dict.fromkeys(text[place.start : min(place.end, place.start + MAX_QUOTE)].strip() for place in places)
    return tuple(quotes)[:MAX_QUOTES]


def _tell_words(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in _WORD.findall(text)}
