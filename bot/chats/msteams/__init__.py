"""Microsoft Teams: one tenant, over the Bot Framework's connector. Importing this loads nothing of the bot builder."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

from bot.chats.msteams import addresses
from bot.secret import Secret

Given = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Options(BaseModel):
    """The keys of `chats.msteams` in app.yaml. `login_url` is the authority without a tenant, `openid_url` the whole URL of the
    metadata that names the signing keys, `issuer` the issuer of incoming tokens, `scope` the scope of our own token. `service_urls`
    are the only addresses that are trusted and called; of each, scheme, host and port count. For other clouds, replace all of
    these."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    behind_https: ClassVar[bool] = True
    """Microsoft reaches the bot at `server.public_url`, which the app package names too."""

    app_id: Given
    app_secret: Secret
    tenant: Given
    openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    login_url: str = "https://login.microsoftonline.com"
    issuer: Given = "https://api.botframework.com"
    scope: Given = "https://api.botframework.com/.default"
    service_urls: tuple[str, ...] = ("https://smba.trafficmanager.net/", "https://smba.infra.gcc.teams.microsoft.com/")

    def no_channel(self, address: str) -> str:
        """Returns the hint for an address that is not a channel; empty if it may be one: an id, or a name."""
        if not re.match(r"https?:", address):
            return ""
        found = re.search(r"19:[^/?#\s]+@thread\.[a-z0-9]+", unquote(address))
        if found is None:
            return "write its id, as in msteams:19:…@thread.tacv2, or its name, as in msteams:Northwind/Oak Street"
        return f"write the id that stands in this link: msteams:{found[0]}"

    def no_person(self, name: str) -> str:
        """Returns the hint for a name that cannot be a person; empty for an e-mail and for a person's id."""
        return "" if "@" in name or name.startswith("29:") else "write their e-mail"

    @field_validator("tenant")
    @classmethod
    def _is_an_id(cls, tenant: str) -> str:
        """Teams names tenants by their ids only: nothing it sends could be compared with a domain."""
        if not tenant.startswith("${") and _GUID.fullmatch(tenant) is None:
            raise ValueError(
                "this is not the id of a tenant; write the Directory (tenant) ID: in the Azure portal on the overview of the app"
                " registration, or App Tenant ID in the configuration of the Azure Bot"
            )
        return tenant

    @field_validator("openid_url", "login_url")
    @classmethod
    def _safe(cls, url: str) -> str:
        return addresses.checked(url)

    @field_validator("service_urls")
    @classmethod
    def _all_safe(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if not urls:
            raise ValueError("service_urls is empty, so nobody would be believed; leave it out to get Microsoft's own")
        return tuple(addresses.checked(url) for url in urls)
