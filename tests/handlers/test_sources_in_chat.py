"""Sources that ops make in chat: what holds of them, what is kept of their secrets, and what can be taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot import sources as tools
from bot.arranged import as_arranged
from bot.config import Settings
from bot.config.keys import ServerKeys
from bot.listening import BadSignature, Sent
from bot.vault import Vault
from handlers.actions import act
from handlers.cards import Card, Reply
from handlers.commands import answer
from handlers.company import Company
from handlers.situation import Tap
from handlers.survey_tools import Source
from storage import arrangements as kept
from storage import payloads
from tests.conftest import Shop, person

KIM = replace(person("kim"), email="kim@northwind.example")
SERVER = "a secret of this server that is long enough"
PASTED = "pasted-from-the-tool"


class Desk:
    """Kim, who is ops, connects tools; the settings are then as the bot would have them."""

    def __init__(self, shop: Shop, company: Company) -> None:
        self.shop = shop
        self.server = SERVER
        written = {"survey": Source("plain", "app.yaml:9")}
        named = {"ops": (KIM.place.address,), "sources": written, "tools": tools.tools, "address": "https://hero.example"}
        self.company = company.model_copy(update=named | {"safe": Vault(SERVER, "source secrets")})

    @property
    def settings(self) -> Settings:
        server = ServerKeys(secret=SecretStr(self.server))
        base = Settings(company=self.company, database="sqlite://", server=server, chats={}, sources={})
        return self.shop.store.read_sync(as_arranged, base, self.shop.now)

    def does(self, verb: str, target: str, **filled: str) -> Reply:
        company = self.settings.company
        return self.shop.store.write_sync(act, company, Tap(verb, target, KIM, self.shop.now, filled or None))

    def connects(self, kind: str = "plain", name: str = "Web shop", **more: str) -> Reply:
        return self.does("source_add", "made:new", kind=kind, name=name, **more)

    def lists(self) -> Card:
        company = self.settings.company
        [card] = self.shop.store.write_sync(answer, company, "sources", KIM, KIM.place, self.shop.now).cards
        return card

    def presses(self, label: str, card: Card | None = None, **filled: str) -> Reply:
        card = card or self.lists()
        parts = [card, *card.items]
        button = next(b for part in parts for b in (*part.buttons, *part.menu) if b.label == label)
        return self.does(button.verb, str(button.target), **filled)

    def secrets(self, name: str = "web-shop") -> list[str]:
        options = self.settings.sources[name].options
        return [secret.get_secret_value() for secret in options.secret]


@pytest.fixture
def desk(shop: Shop, company: Company) -> Desk:
    return Desk(shop, company)


@pytest.mark.parametrize("name", ["Frontline", "import"])
def test_a_name_under_which_we_store_answers_ourselves_is_refused(desk: Desk, name: str) -> None:
    [why] = desk.connects(name=name).errors.values()
    assert why == f"{name.lower()} is kept for answers that come from no survey tool. Please choose another."


def test_what_was_said_is_the_secret_and_only_sealed_is_it_kept(desk: Desk) -> None:
    reply = desk.connects()
    [secret] = desk.secrets()
    assert f"Its secret: {secret}" in reply.text
    assert "Its address: https://hero.example/feedback/web-shop" in reply.text
    assert secret not in str(reply.cards)
    assert secret not in str([row.keys for row in desk.shop.store.read_sync(kept.latest, 9)])


def test_no_two_secrets_are_the_same(desk: Desk) -> None:
    desk.connects()
    desk.connects(name="other")
    assert desk.secrets() != desk.secrets("other")


def test_an_address_that_holds_its_secret_is_told_whole(desk: Desk) -> None:
    text = desk.connects("satismeter").text
    [secret] = desk.secrets()
    assert f"https://hero.example/feedback/web-shop?key={secret}" in text
    source = tools.load("satismeter")
    source.verify(Sent({}, b"{}", {"key": secret}, desk.shop.now), desk.settings.sources["web-shop"].options)  # type: ignore[attr-defined]


def test_a_tool_that_makes_its_secret_itself_is_given_it_and_it_is_not_said_back(desk: Desk) -> None:
    reply = desk.connects("zendesk", secret=PASTED)
    assert desk.secrets() == [PASTED]
    assert PASTED not in str(reply)
    form = desk.presses("New secret…").form
    assert form is not None
    desk.does(form.verb, str(form.target), secret="another-of-the-tool")
    assert desk.secrets() == ["another-of-the-tool", PASTED]


@pytest.mark.parametrize(
    ("field", "filled"),
    [
        ("kind", {"kind": "carrier pigeon"}),
        ("kind", {"kind": "mapped"}),
        ("name", {"name": " "}),
        ("name", {"name": "survey"}),
        ("name", {"name": "Web Shop"}),
        ("secret", {"kind": "zendesk"}),
        ("secret", {"secret": PASTED}),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_no_secret_is_put_back(desk: Desk, field: str, filled: dict[str, str]) -> None:
    desk.connects()
    before = desk.shop.store.read_sync(kept.revision)
    reply = desk.does("source_add", "made:new", **({"kind": "plain", "name": "new"} | filled))
    assert list(reply.errors) == [field]
    assert PASTED not in str(reply)
    assert desk.shop.store.read_sync(kept.revision) == before


def test_a_secret_that_was_replaced_ends_by_itself_after_a_week(desk: Desk) -> None:
    desk.connects()
    old = desk.secrets()
    desk.presses("New secret")
    assert desk.secrets()[1:] == old
    desk.shop.now += timedelta(days=7, seconds=-1)
    assert len(desk.secrets()) == 2
    desk.shop.now += timedelta(seconds=1)
    assert old[0] not in desk.secrets()
    assert len(desk.secrets()) == 1


def test_of_two_new_secrets_in_a_row_the_first_of_all_is_good_no_more(desk: Desk) -> None:
    desk.connects()
    first = desk.secrets()[0]
    desk.presses("New secret")
    desk.presses("New secret")
    assert len(desk.secrets()) == 2
    assert first not in desk.secrets()


def test_undo_brings_the_old_secret_back_and_ends_the_new_one(desk: Desk) -> None:
    desk.connects()
    old = desk.secrets()
    [card] = desk.presses("New secret").cards
    desk.presses("Undo", card)
    assert desk.secrets() == old


def test_undoing_the_connection_takes_the_source_away_and_its_name_is_free(desk: Desk) -> None:
    [card] = desk.connects().cards
    desk.presses("Undo", card)
    assert desk.settings.sources == {}
    assert "There is no such source any more" in desk.presses("Send a test", card).text
    assert not desk.connects().errors


def test_off_it_is_heard_of_no_more_and_says_so_in_the_list(desk: Desk) -> None:
    desk.connects()
    before = desk.secrets()
    desk.presses("Switch off")
    assert desk.settings.sources == {}
    assert "web-shop, a source of kind plain (off)" in desk.lists().items[0].headline
    desk.presses("Switch on")
    assert desk.secrets() == before


def test_an_old_button_changes_nothing(desk: Desk) -> None:
    desk.connects()
    old = desk.lists()
    desk.presses("Switch off")
    for label in ("Switch off", "New secret"):
        assert "nothing was changed" in desk.presses(label, old).text


def test_what_app_yaml_names_is_told_with_its_line_and_wins(desk: Desk) -> None:
    desk.connects()
    named = {**desk.company.sources, "web-shop": Source("mapped", "app.yaml:12")}
    desk.company = desk.company.model_copy(update={"sources": named})
    headlines = [item.headline for item in desk.lists().items]
    assert headlines == ["survey, a source of kind plain (app.yaml:9)", "web-shop, a source of kind mapped (app.yaml:12)"]
    labels = {button.label for item in desk.lists().items for button in (*item.buttons, *item.menu)}
    assert labels == {"Send a test"}


def test_a_directory_of_customers_has_no_answers_to_test_wherever_it_is_named(desk: Desk) -> None:
    desk.company = desk.company.model_copy(update={"sources": {"directory": Source("crm", "app.yaml:12", directory=True)}})
    [connected] = desk.connects("crm", "customers").cards
    assert [button.label for button in connected.buttons] == ["Undo"]
    for item in desk.lists().items:
        assert item.context[1] == "sends who the customers are, and no answers of theirs"
        assert "Send a test" not in {button.label for button in item.buttons}
    for name in ("customers", "directory"):
        assert desk.does("send_test", f"source:{name}").text.endswith("no answers of theirs: there is nothing to test.")
    assert desk.shop.keys() == []


def test_without_a_secret_of_the_server_nothing_is_made_and_the_way_is_told(desk: Desk) -> None:
    desk.company = desk.company.model_copy(update={"safe": None})
    assert "server: {secret: ${HERO_SECRET}}" in desk.connects().text
    assert desk.shop.store.read_sync(kept.revision) == 0


def test_once_the_server_has_another_secret_the_source_is_refused_and_a_new_one_mends_it(desk: Desk) -> None:
    desk.connects()
    desk.server = "another secret of this server, long enough"
    desk.company = desk.company.model_copy(update={"safe": Vault(desk.server, "source secrets")})
    assert desk.settings.sources == {}
    assert "cannot be read, because server.secret is another now" in str(desk.lists())
    desk.presses("New secret")
    assert len(desk.secrets()) == 1


def test_a_source_of_a_later_release_is_left_out(desk: Desk) -> None:
    desk.connects()
    row = desk.shop.store.read_sync(kept.latest, 1)[0]
    odd: list[dict[str, Any]] = [{"kind": "telepathy", "secrets": row.keys["secrets"]}, {"kind": "plain"}, {}]
    for n, keys in enumerate(odd):
        desk.shop.store.write_sync(kept.add, "source", f"odd-{n}", keys, row.person_id, desk.shop.now)
    assert list(desk.settings.sources) == ["web-shop"]
    assert "web-shop" in str(desk.lists())


def test_a_forged_body_is_refused_by_a_source_made_in_chat(desk: Desk) -> None:
    desk.connects()
    source, options = tools.load("plain"), desk.settings.sources["web-shop"].options
    with pytest.raises(BadSignature):
        source.verify(Sent({}, b"{}", {}, desk.shop.now), options)  # type: ignore[attr-defined]


@pytest.mark.parametrize("tool", tools.tools(), ids=lambda tool: tool.kind)
def test_every_kind_that_can_be_connected_takes_the_secret_it_is_given(desk: Desk, tool: Any) -> None:
    reply = desk.connects(tool.kind, **({"secret": PASTED} if tool.own_secret else {}))
    assert re.search(r"https://hero\.example/feedback/web-shop", reply.text)
    assert len(desk.secrets()) == 1


def test_status_names_the_change_and_not_the_secret(desk: Desk) -> None:
    desk.connects()
    [status] = desk.shop.store.write_sync(answer, desk.settings.company, "status", KIM, KIM.place, desk.shop.now).cards
    assert "Kim added the source web-shop" in str(status)
    assert desk.secrets()[0] not in str(status)


def test_payloads_of_a_source_that_is_gone_are_forgotten_too(desk: Desk) -> None:
    row = {"source": "gone", "body": "{}", "received_at": desk.shop.now, "rejected": True, "reason": "x"}
    desk.shop.store.write_sync(payloads.keep, [row, row | {"source": "survey"}])
    later = desk.shop.now + timedelta(days=8)
    assert desk.shop.store.write_sync(payloads.forget_others, ["survey"], later) == 1
    assert desk.shop.store.read_sync(payloads.unread, "survey") == 1


def test_the_form_offers_tools_by_the_names_they_go_by(desk: Desk) -> None:
    form = desk.presses("Add a source…").form
    assert form is not None
    titles = dict(form.fields[0].options)
    assert (titles["hubspot_workflow"], titles["asknicely"], titles["zendesk"]) == ("HubSpot workflow", "AskNicely", "Zendesk")
    assert form.fields[2].hint == "Only for Delighted, Intercom, Zendesk. All others get one from us."
