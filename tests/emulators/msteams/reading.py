"""Cards and text as people read them, in plain lines, and the Markdown in them that Teams would render."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.emulators.msteams.cards import Json, walk

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^()\s]*)[^()]*\)")
_LIVE = (
    re.compile(r"!?\[[^\[\]]*\]\([^()]*\)"),
    re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]"),
    re.compile(r"^ {0,3}\[[^\[\]]+\]:\s*\S+", re.MULTILINE),
    re.compile(r"<at>.*?</at>"),
    re.compile(r"<[A-Za-z/!?][^<>]*>"),
)
_BARE = re.compile(r"(?:https?://|www\.)[^\s<>)\]\x00]+", re.IGNORECASE)
_EMPHASIS = re.compile(r"(\*\*|__|\*|_|~~|`)(?=\S)(.+?)(?<=\S)\1")
_BLOCK = re.compile(r"^ {0,3}(?:#{1,6}\s|>|[-*+]\s|\d{1,9}[.)]\s|`{3}|~{3}|(?:[-*_] ?){3,}$|={3,}$)", re.MULTILINE)
_DATE = re.compile(r"\{\{\s*(?:DATE|TIME)\([^)]*\)\s*\}\}")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|lt|gt|amp|quot|apos|nbsp|lbrack|rbrack|ast|lowbar);", re.IGNORECASE)
_UNSEEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HIDE = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "\u00b7"))


def masked(text: str) -> str:
    """Returns the text with every escaped character and entity neutralised, in as many characters or fewer."""
    return _ENTITY.sub("\u00b7", _ESCAPED.sub(lambda match: match[1].translate(_HIDE), text))


def live(texts: list[str]) -> list[str]:
    """Returns links, images, mentions and tags that Markdown would make live."""
    return [hit[0] for text in texts for pattern in _LIVE for hit in pattern.finditer(masked(text))]


def bare(texts: list[str]) -> list[str]:
    """Returns bare addresses, which clients link automatically."""
    return [hit for text in texts for hit in _BARE.findall(masked(text))]


def formatting(texts: list[str]) -> list[str]:
    """Returns bold, italics, code, headings, lists and quotes that Markdown would render."""
    return [hit[0] for text in texts for pattern in (_EMPHASIS, _BLOCK) for hit in pattern.finditer(masked(text))]


def dates(texts: list[str]) -> list[str]:
    return [hit for text in texts for hit in _DATE.findall(text)]


def unseen(texts: list[str]) -> list[str]:
    """Returns control and bidirectional characters, which are invisible and can reorder the words around them."""
    return [repr(hit) for text in texts for hit in _UNSEEN.findall(text)]


def markdown_of(card: Json) -> list[str]:
    """Returns every string of a card that clients render as Markdown."""
    found: list[str] = []
    for node in walk(card):
        match node["type"]:
            case "TextBlock":
                found.append(node["text"])
            case "FactSet":
                found += [part for fact in node["facts"] for part in (fact["title"], fact["value"])]
            case "Input.ChoiceSet":
                found += [choice["title"] for choice in node.get("choices", ())]
            case "Input.Toggle":
                found.append(node["title"])
    return found


def read(text: str) -> str:
    """Returns Markdown as people read it: links as label (address), escapes and entities resolved."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[1])
        return "\x00"

    plain = _ESCAPED.sub(keep, text)
    plain = re.sub(r"</?at>", "", _LINK.sub(lambda m: f"{m[1]} ({m[2]})" if m[2] else m[1], plain))
    plain = _EMPHASIS.sub(lambda m: m[2], plain)
    for name, character in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("nbsp", " "), ("#39", "'"), ("amp", "&")):
        plain = plain.replace(f"&{name};", character)
    held = iter(kept)
    return re.sub("\x00", lambda _: next(held, ""), plain)


def lines(card: Json) -> list[str]:
    """Returns a card as people read it. Buttons are shown in [ ], those in the overflow menu in ( )."""
    return [line for line in (*_body(card.get("body", [])), *_buttons(card.get("actions", []))) if line]


def _body(nodes: Any) -> Iterator[str]:
    for node in nodes:
        if node.get("isVisible", True):
            yield from _element(node)


def _element(node: Json) -> Iterator[str]:
    kind = node["type"]
    if kind == "TextBlock":
        yield read(node["text"])
    elif kind == "RichTextBlock":
        yield "".join(run if isinstance(run, str) else run["text"] for run in node["inlines"])
    elif kind == "FactSet":
        yield from (f"{read(fact['title'])}: {read(fact['value'])}" for fact in node["facts"])
    elif kind == "Image":
        yield f"(image: {node.get('altText', '')})"
    elif kind == "ImageSet":
        yield from (f"(image: {image.get('altText', '')})" for image in node["images"])
    elif kind in ("Container", "Column"):
        yield from _body(node.get("items", ()))
    elif kind == "ColumnSet":
        yield " | ".join(" ".join(_body(column.get("items", ()))) for column in node.get("columns", ()))
    elif kind == "Table":
        rows = node.get("rows", ())
        yield from (" | ".join(" ".join(_body(cell["items"])) for cell in row.get("cells", ())) for row in rows)
    elif kind == "ActionSet":
        yield from _buttons(node["actions"])
    elif kind.startswith("Input."):
        yield _field(node)


def _field(field: Json) -> str:
    must = " (required)" if field.get("isRequired") else ""
    label = f"{field.get('label', field['id'])}{must}:"
    if field["type"] == "Input.ChoiceSet":
        return f"{label} ( {' | '.join(read(choice['title']) for choice in field.get('choices', ()))} )"
    if field["type"] == "Input.Toggle":
        return f"{label} ( ) {read(field['title'])}"
    return f"{label} ____ {field.get('value') or field.get('placeholder', '')}".rstrip()


def _buttons(actions: Any) -> Iterator[str]:
    shown = [action["title"] for action in actions if action.get("mode") != "secondary"]
    menu = [action["title"] for action in actions if action.get("mode") == "secondary"]
    yield " ".join(f"[ {title} ]" for title in shown)
    yield f"( {' | '.join(menu)} )" if menu else ""
