"""docs/configuration.md names every key and every code, and its example works."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.config import load
from bot.config.check import findings
from bot.config.findings import exit_code, report
from bot.config.keys import FileKeys
from bot.config.plug_ins import kinds, options_model, unconfirmed
from bot.config.shape import models_in
from bot.listening import Options as EverySource
from handlers.feedback import Customer

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/configuration.md").read_text("utf-8")


def keys(model: type[BaseModel], before: str) -> Iterator[str]:
    """Every key of a model as the docs write it; a mapping's own keys are NAME, a list's items []."""
    for name, field in model.model_fields.items():
        key = before + name
        yield key
        shape = str(field.annotation)
        between = ".NAME." if shape.startswith("dict[") else "[]." if "tuple[" in shape else "."
        for inner in models_in(field.annotation):
            if inner.__name__ != "Comparison":
                yield from keys(inner, key + between)


def section(heading: str) -> str:
    return re.split(r"^#", DOCS.partition(f"### {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize(
    "key",
    [
        key
        for key in keys(FileKeys, "")
        if key not in {"company", "server", "delivery", "retention", "chats", "sources", "teams", "routes"}
    ],
)
def test_every_key_is_documented(key: str) -> None:
    assert f"| `{key}` |" in DOCS


@pytest.mark.parametrize("name", list(FileKeys.model_fields))
def test_every_section_is_documented(name: str) -> None:
    assert f"\n## {name}\n" in DOCS


@pytest.mark.parametrize("name", kinds("chats"))
def test_every_key_of_a_chat_is_documented(name: str) -> None:
    text = section(f"chat: {name}")
    assert text
    assert [key for key in keys(options_model("chats", name), "") if f"`{key}`" not in text] == []


def test_every_key_that_all_sources_have_is_documented() -> None:
    assert [key for key in ["kind", *EverySource.model_fields] if f"| `sources.NAME.{key}` |" not in DOCS] == []


@pytest.mark.parametrize("name", kinds("sources"))
def test_every_key_of_a_kind_of_source_is_documented(name: str) -> None:
    text = section(f"kind: {name}")
    assert text
    own = [
        key.replace(".NAME.", ".TYPE.") for key in keys(options_model("sources", name), "") if key not in EverySource.model_fields
    ]
    assert [key for key in own if f"`{key}`" not in text] == []


def test_no_documented_key_has_gone() -> None:
    known = {*keys(FileKeys, ""), *(f"sources.NAME.{key}" for key in ["kind", *EverySource.model_fields])}
    written = set(
        re.findall(r"^\| `((?:company|server|delivery|retention|sources|teams|routes)[\w.\[\]]+|database)` \|", DOCS, re.MULTILINE)
    )
    assert written <= known


def test_every_code_is_explained_and_used() -> None:
    used: set[str] = set()
    for path in (ROOT / "bot/config").glob("*.py"):
        used |= set(re.findall(r'"([XWN]\d{3})"', path.read_text("utf-8")))
    assert used == set(re.findall(r"^### ([XWN]\d{3})$", DOCS, re.MULTILINE))


def test_the_example_is_sound(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)[0]
    path = tmp_path / "app.yaml"
    path.write_text(example, "utf-8")
    environ: dict[str, Any] = dict.fromkeys(re.findall(r"\$\{(\w+)\}", example), "secret")
    loaded = load(path, environ=environ)
    assert [finding.code for finding in findings(loaded)] == ["N301"], "it shows Delighted, of which not all is confirmed"
    assert loaded.settings
    assert len(loaded.settings.company.routes) == 2


@pytest.mark.parametrize("key", ["causes", "promise", "hours"])
def test_the_defaults_of_a_team_are_the_documented_ones(key: str, tmp_path: Path) -> None:
    row = re.search(rf"^\| `teams.NAME.{key}` \|.*\| (.*) \|$", DOCS, re.MULTILINE)
    assert row
    value = row[1].strip("`") if row[1].startswith("`") else f"[{row[1]}]"
    found = []
    for extra in ("", f", {key}: {value}"):
        path = tmp_path / "app.yaml"
        path.write_text(
            f"company: {{name: a, timezone: UTC}}\nchats: {{practice: }}\nteams: {{a: {{channel: practice:a{extra}}}}}\n", "utf-8"
        )
        settings = load(path, environ={}).settings
        assert settings
        found.append(settings.company.teams["a"])
    assert found[0] == found[1]


WITH_A_PAGE = [kind for kind in kinds("sources") if kind not in {"plain", "mapped", "delighted"}]


@pytest.mark.parametrize("kind", WITH_A_PAGE)
def test_every_kind_of_source_has_a_page_that_says_what_of_it_nobody_confirmed(kind: str) -> None:
    name = kind.replace("_", "-")
    page = (ROOT / f"docs/sources/{name}.md").read_text("utf-8")
    index = (ROOT / "docs/sources.md").read_text("utf-8")
    star = " *" if unconfirmed(kind) else ""
    assert f"| [`{kind}`](sources/{name}.md){star} |" in index
    assert f"kind: {kind}" in page
    assert (unconfirmed(kind) in page) if unconfirmed(kind) else ("Not confirmed" not in page)


def test_what_nobody_confirmed_of_delighted_is_said_where_it_is_explained() -> None:
    page = (ROOT / "docs/sources.md").read_text("utf-8")
    assert "| [`delighted`](#delighted-five-minutes) * |" in page
    assert f"> **Not confirmed:** {unconfirmed('delighted')}." in page.partition("## delighted")[2].partition("\n## ")[0]


PAGES = (*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/sources").glob("*.md")))
ON_PAGES = [
    pytest.param(textwrap.dedent(block), id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"^ *```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE), 1)
]
USUAL = {
    "company": 'company: {name: a, timezone: Europe/Oslo, country: "NO"}',
    "server": 'server: {secret: "${HERO_SECRET}"}',
    "chats": "chats: {practice: {}}",
    "teams": "teams: {oak-street: {channel: practice:a, leader: lea@northwind.example}}",
    "routes": "routes: [{name: all, when: {band: [detractor, unscored]}, team: oak-street}]",
}
"""What stands in an app.yaml beside the section that a page shows."""
OF_A_SHAPE = {
    "GOOGLE_KEY": '{"client_email": "a@b.example", "private_key": "k", "token_uri": "https://oauth2.googleapis.com/token"}',
    "HERO_PUBLIC_URL": "https://hero.example",
    "MSTEAMS_APP_ID": "11111111-2222-4333-8444-555555555555",
    "MSTEAMS_TENANT": "11111111-2222-4333-8444-666666666666",
    "MSTEAMS_CHANNEL": "19:a@thread.tacv2",
}
"""What no secret could stand for."""


@pytest.mark.parametrize("written", ON_PAGES)
def test_what_a_page_says_to_write_passes_the_strict_check(written: str, tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    shown = set(re.findall(r"^(\w+):", written, re.MULTILINE))
    beside = "\n".join(text for section, text in USUAL.items() if section not in shown)
    if re.search(r"^  slack:", written, re.MULTILINE):
        beside = beside.replace("practice:a", "slack:C0123456")
    path.write_text(f"{beside}\n{written}", "utf-8")
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", path.read_text("utf-8")), "whsec_c2VjcmV0") | OF_A_SHAPE
    found = findings(load(path, environ=environ))
    assert shown
    assert exit_code(found, strict=True) == 0, report(found)


def test_who_connects_a_tool_in_chat_is_led_to_its_page() -> None:
    from bot.sources import tools
    from handlers.survey_tools import IN_GENERAL, page_of

    kinds = {tool.kind for tool in tools()}
    assert set(IN_GENERAL) <= kinds | {"mapped"}
    assert [page for page in map(page_of, kinds) if not (ROOT / page).is_file()] == []


def test_every_key_of_a_customer_is_told_where_a_source_may_name_it() -> None:
    page = (ROOT / "docs/sources.md").read_text("utf-8")
    [customer] = [line for line in page.splitlines() if line.startswith("| `customer` |")]
    assert {f"`{key}`" for key in Customer.model_fields} <= set(re.findall(r"`\w+`", customer))
    may = page.partition("- `fields` may name ")[2].partition(". `id` is required")[0]
    assert {f"`{key}`" for key in (*Customer.model_fields, "score", "tags")} <= set(re.findall(r"`\w+`", may))
