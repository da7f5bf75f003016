"""The app package for Microsoft Teams: what an admin uploads is whole, small, and asks for no more than is used."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from typer.testing import CliRunner

from bot.__main__ import hero
from bot.chats.msteams.package import manifest, package
from bot.pages import front
from handlers.forgetting.retention import Retention

APP_ID = "11111111-2222-3333-4444-555555555555"
ADDRESS = "https://hero.northwind.example"
SCHEMA = json.loads((Path(__file__).parent / "msteams_manifest" / "MicrosoftTeams.schema.json").read_text("utf-8-sig"))
"""Microsoft's own; see ORIGIN.md beside it."""


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def said() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members(package(APP_ID, ADDRESS))["manifest.json"])
    return found


def test_the_package_holds_the_manifest_and_the_icons_it_names() -> None:
    held = members(package(APP_ID, ADDRESS))
    assert set(held) == {"manifest.json", *said()["icons"].values()}


def test_the_same_app_makes_the_same_bytes() -> None:
    assert package(APP_ID, ADDRESS) == package(APP_ID, ADDRESS)


@pytest.mark.parametrize(("name", "size"), [("color.png", 192), ("outline.png", 32)])
def test_an_icon_has_the_size_teams_asks_for(name: str, size: int) -> None:
    picture = members(package(APP_ID, ADDRESS))[name]
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (size, size)
    assert len(picture) < 5_000


def pixels(picture: bytes) -> list[bytes]:
    """The RGBA pixels of a PNG whose rows are not filtered."""
    width, height, depth, kind = struct.unpack(">IIBB", picture[16:26])
    assert (depth, kind) == (8, 6), "eight bits of red, green, blue and alpha"
    raw = zlib.decompress(picture[picture.index(b"IDAT") + 4 : picture.index(b"IEND") - 8])
    rows = [raw[n * (width * 4 + 1) : (n + 1) * (width * 4 + 1)] for n in range(height)]
    assert {row[0] for row in rows} == {0}
    return [row[1 + n * 4 : 5 + n * 4] for row in rows for n in range(width)]


def test_the_outline_icon_is_white_on_nothing_and_the_colour_icon_is_filled() -> None:
    held = members(package(APP_ID, ADDRESS))
    outline, colour = pixels(held["outline.png"]), pixels(held["color.png"])
    assert {pixel[:3] for pixel in outline} == {b"\xff\xff\xff"}
    assert {pixel[3] for pixel in outline} == {0, 255}
    assert {pixel[3] for pixel in colour} == {255}
    assert len(set(colour)) == 2


def wrong(manifest: dict[str, Any]) -> list[str]:
    return [f"{'/'.join(map(str, error.path))}: {error.message[:80]}" for error in Draft4Validator(SCHEMA).iter_errors(manifest)]


def test_the_manifest_is_valid_by_microsofts_own_schema_of_the_version_it_names() -> None:
    assert SCHEMA["properties"]["manifestVersion"]["const"] == said()["manifestVersion"]
    assert f"/v{said()['manifestVersion']}/" in said()["$schema"]
    assert wrong(said()) == []
    assert wrong(manifest(APP_ID, "https://a-host-with-a-port.example:8443/below/a/path")) == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("supportsChannelFeatures", "tier9"),
        ("name", {"short": "x" * 31, "full": "x"}),
        ("description", {"short": "x" * 81, "full": "x"}),
        ("bots", [{"botId": "not an id", "scopes": ["team"]}]),
        ("bots", [{"botId": APP_ID, "scopes": ["everywhere"]}]),
        ("colour", "#fff"),
        ("accentColor", "blue"),
    ],
)
def test_the_schema_would_notice(where: str, value: Any) -> None:
    assert wrong(said() | {where: value})


def test_the_manifest_has_every_member_teams_requires() -> None:
    required = {"$schema", "manifestVersion", "version", "id", "developer", "name", "description", "icons", "accentColor"}
    assert required <= set(said())
    assert set(said()["developer"]) == {"name", "websiteUrl", "privacyUrl", "termsOfUseUrl"}


@pytest.mark.parametrize("under", ["", "/hero"])
def test_its_links_lead_to_pages_that_there_are(under: str) -> None:
    links = manifest(APP_ID, f"{ADDRESS}{under}")["developer"]
    paths = [links[name].removeprefix(f"{ADDRESS}{under}") or "/" for name in ("websiteUrl", "privacyUrl", "termsOfUseUrl")]
    assert paths == [route.path for route in front.routes("Northwind Coffee", Retention(), timedelta(days=7))]


def test_the_bot_is_the_one_of_app_yaml_in_teams_and_personal_chats_only() -> None:
    (bot,) = said()["bots"]
    assert bot["botId"] == APP_ID
    assert bot["scopes"] == ["team", "personal"]
    assert [c["title"] for c in bot["commandLists"][0]["commands"]] == ["mine", "open", "help"]
    assert "authorization" not in said()


def test_a_message_can_be_passed_on_from_its_own_menu_and_nothing_else_is_offered() -> None:
    (extension,) = said()["composeExtensions"]
    assert extension["botId"] == APP_ID
    [action] = extension["commands"]
    assert (action["id"], action["type"], action["context"], action["fetchTask"]) == ("heard", "action", ["message"], True)
    assert len(action["title"]) <= 32


def test_shared_channels_and_the_public_host_are_named() -> None:
    assert said()["supportsChannelFeatures"] == "tier1"
    assert said()["validDomains"] == ["hero.northwind.example"]


def test_the_id_stays_with_the_app_id_and_differs_between_apps() -> None:
    assert manifest(APP_ID, ADDRESS)["id"] == manifest(APP_ID.upper(), "https://elsewhere.example")["id"]
    assert manifest(APP_ID, ADDRESS)["id"] != manifest(APP_ID.replace("1", "9"), ADDRESS)["id"]


def test_every_text_keeps_within_the_limits_of_teams() -> None:
    assert len(said()["name"]["short"]) <= 30
    assert len(said()["name"]["full"]) <= 100
    assert len(said()["description"]["short"]) <= 80
    assert len(said()["description"]["full"]) <= 4000
    assert re.fullmatch(r"\d+\.\d+\.\d+", said()["version"])


@pytest.mark.parametrize("address", ["http://hero.northwind.example", "hero.northwind.example", "https://"])
def test_an_address_teams_cannot_call_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        manifest(APP_ID, address)


def app_yaml(
    folder: Path, *, public_url: str = "null", chats: str = f'msteams: {{app_id: "{APP_ID}", app_secret: x, tenant: {APP_ID}}}'
) -> Path:
    path = folder / "app.yaml"
    path.write_text(f"server: {{public_url: {public_url}}}\nchats:\n  {chats}\n", encoding="utf-8")
    return path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(hero, ["package", *arguments])


def test_the_command_writes_the_package(tmp_path: Path) -> None:
    out = tmp_path / "teams.zip"
    answer = run("msteams", "--config", str(app_yaml(tmp_path, public_url=ADDRESS)), "--out", str(out))
    assert answer.exit_code == 0, answer.output
    assert out.read_bytes() == package(APP_ID, ADDRESS)
    assert str(out) in answer.output


def test_the_command_says_which_key_is_missing(tmp_path: Path) -> None:
    without_address = run("msteams", "--config", str(app_yaml(tmp_path)))
    assert without_address.exit_code == 2
    assert "server.public_url" in without_address.output
    without_teams = run("msteams", "--config", str(app_yaml(tmp_path, public_url=ADDRESS, chats="practice: {}")))
    assert without_teams.exit_code == 2
    assert "chats.msteams" in without_teams.output


def test_the_package_can_be_made_where_the_secret_is_not_known(tmp_path: Path) -> None:
    chats = f'msteams: {{app_id: "{APP_ID}", app_secret: "${{NOT_SET_HERE}}", tenant: "${{NOR_THIS}}"}}'
    out = tmp_path / "teams.zip"
    answer = run("msteams", "--config", str(app_yaml(tmp_path, public_url=ADDRESS, chats=chats)), "--out", str(out))
    assert answer.exit_code == 0, answer.output
    assert out.read_bytes() == package(APP_ID, ADDRESS)


def test_only_microsoft_teams_has_a_package() -> None:
    assert run("slack").exit_code == 2
