"""A page as a browser without scripts sees it: its text, its links, and what its forms would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Sent:
    """A form: its action, hidden fields, buttons, and its questions by label, as (field name, values by label)."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)
    questions: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)


class Page(HTMLParser):
    """The text of a page, and what its forms would send."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.said, self.quote = "", "", ""
        self.forms: list[Sent] = []
        self.links: dict[str, str] = {}
        self._articles: dict[str, dict[str, list[str]]] = {}
        self._article = ""
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._quoting, self._link, self._form, self._typed = False, "", False, ""
        self._legend, self._label, self._radio = "", "", None

    @classmethod
    def read(cls, source: str) -> Page:
        one = cls()
        one.source = source
        one.feed(source)
        one.said = " ".join(one.said.split())
        return one

    def form(self, label: str) -> Sent:
        """Returns the first form with a button of this label."""
        return next(one for one in self.forms if any(button["label"] == label for button in one.buttons))

    def below(self, article: str) -> dict[str, list[str]]:
        """Returns the links of the article with this id, by label."""
        return self._articles.get(article, {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.tags.append((tag, has))
        match tag:
            case "form":
                self.forms.append(Sent(has["action"]))
                self._form = True
            case "input" if has.get("type") == "hidden" and self._form:
                self.forms[-1].fields[has["name"]] = has["value"]
            case "input" if has.get("type") == "radio" and self._form:
                _, options = self.forms[-1].questions.setdefault(self._legend, (has["name"], {}))
                self._radio = (options, has["value"])
                if "checked" in has:
                    self.forms[-1].fields[has["name"]] = has["value"]
            case "input" if has.get("type") == "text" and self._form:
                self.forms[-1].questions[self._label] = (has["name"], {})
                self.forms[-1].fields[has["name"]] = has["value"]
            case "textarea" if self._form:
                self.forms[-1].questions[self._label] = (has["name"], {})
                self._typed = has["name"]
            case "legend":
                self._legend = ""
            case "label":
                self._label = ""
            case "button":
                self.forms[-1].buttons.append({"label": "", **has})
            case "a":
                self._link = has.get("href", "")
            case "article":
                self._article = has.get("id", "")
            case "blockquote":
                self._quoting = True

    def handle_endtag(self, tag: str) -> None:
        self._quoting = self._quoting and tag != "blockquote"
        self._typed = "" if tag == "textarea" else self._typed
        self._link = "" if tag == "a" else self._link
        self._form = self._form and tag != "form"

    def handle_data(self, data: str) -> None:
        self.said += data
        if self._typed:
            self.forms[-1].fields[self._typed] = data
        if self.lasttag == "legend":
            self._legend = (self._legend + data).strip()
        if self.lasttag == "label":
            self._label = (self._label + data).strip()
        if self._radio and data.strip():
            options, value = self._radio
            options[data.strip()], self._radio = value, None
        if self._quoting:
            self.quote += data
        if self._link:
            self.links.setdefault(data.strip(), self._link)
            self._articles.setdefault(self._article, {}).setdefault(data.strip(), []).append(self._link)
        if self.forms and self.forms[-1].buttons and self.lasttag == "button":
            self.forms[-1].buttons[-1]["label"] += data.strip()
