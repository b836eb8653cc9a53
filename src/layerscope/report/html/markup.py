"""Markup: pieces of HTML that are safe to put together, for all text in them was escaped."""

from html import escape
from typing import Final, NewType

from layerscope.report.escape import escape_but_tabs, escape_line, escape_text

Markup = NewType("Markup", str)
"""HTML of our own making; what an image says becomes Markup by `write_text` and `write_line` alone."""

LONGEST_NAME: Final = 44
"""Characters of a name that is kept in one piece: a table with longer ones would be wider than its page."""

VOID: frozenset[str] = frozenset({"input"})
"""Elements that hold nothing."""


def write_text(text: str) -> Markup:
    """Text as it is, made visible and harmless: between tags and in a quoted attribute alike."""
    return Markup(escape(escape_text(text)))


def write_file_line(text: str) -> Markup:
    """The same of what was a line of a file, with its tabs, where white space is kept."""
    return Markup(escape(escape_but_tabs(text)))


def write_line(text: str) -> Markup:
    """The same on one line, each run of white space as one space; a space before and after it stays."""
    before, after = (" " if end == " " else "" for end in (text[:1], text[-1:]))
    return Markup(f"{before}{escape(escape_line(text))}{after}")


def join(*parts: Markup) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(parts))


def element(tag: str, *children: Markup, **attributes: str | None) -> Markup:
    """An element; `class_` and `data_layer` become `class` and `data-layer`, an attribute of None is left out."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{write_text(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{named}>" if tag in VOID else f"<{tag}{named}>{join(*children)}</{tag}>")


def write_name(name: str) -> Markup:
    """A name in code, in one piece where it is short; a long one breaks anywhere."""
    return element("code", write_line(name), class_="name" if len(name) <= LONGEST_NAME else None)


def write_table(caption: str, head: tuple[str, ...], rows: list[Markup], *, name: str) -> Markup:
    """A table with headings, in a region of its own that scrolls where the page is narrow."""
    heads = (
        element("th", write_line(each.lstrip(">")), scope="col", class_="number" if each.startswith(">") else None)
        if each
        else element("td")
        for each in head
    )
    table = element(
        "table",
        element("caption", write_line(caption)),
        element("thead", element("tr", *heads)),
        element("tbody", *(Markup(f"\n{row}") for row in rows)),
        id=name,
    )
    return element("div", table, class_="scroll", role="region", tabindex="0", aria_label=caption)


def write_fields(rows: list[tuple[str, Markup]]) -> Markup:
    """Names with what is said of each."""
    return element("dl", *(join(element("dt", write_line(name)), element("dd", value)) for name, value in rows))


def write_section(title: str, *content: Markup, name: str, note: str = "") -> Markup:
    """A part of the page under a heading, which names it for who jumps from part to part."""
    heading = element("h2", write_line(title), id=f"{name}-title")
    told = element("p", write_line(note), class_="note") if note else Markup("")
    return Markup(f"\n{element('section', heading, told, *content, id=name, aria_labelledby=f'{name}-title')}\n")
