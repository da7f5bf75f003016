"""The settings together with all that ops arranged in chat: the only place where the two are merged. app.yaml wins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot import sources
from bot.config import Settings
from bot.config.parts import SourceSettings
from bot.vault import Vault
from handlers.arranged.arrangements import arranged, secrets_of, switched_on
from storage import arrangements
from storage.prepared import AnyRow


def as_arranged(tx: Connection, settings: Settings, now: datetime) -> Settings:
    """Returns the settings with teams, routes, ops and sources as they are at that time."""
    vault = vault_of(settings)
    made = {row.name: _source(row, vault, now) for row in switched_on(arrangements.holding(tx))} if vault is not None else {}
    named = {name: source for name, source in made.items() if source is not None}
    return settings.model_copy(update={"company": arranged(tx, settings.company), "sources": {**named, **settings.sources}})


def vault_of(settings: Settings) -> Vault | None:
    """Returns the vault for the secrets of sources; None if the server has no secret to seal them with."""
    secret = settings.server.secret
    return Vault(secret.get_secret_value(), "source secrets") if secret is not None else None


def _source(row: AnyRow, vault: Vault, now: datetime) -> SourceSettings | None:
    """Returns the source as app.yaml would have it; None if it is unreadable: sealed with another secret, or of a later release."""
    try:
        opened = [vault.open(sealed) for sealed in secrets_of(row, now) if vault.opens(sealed)]
        return SourceSettings(kind=row.keys["kind"], options=sources.load(row.keys["kind"]).Options(secret=opened))
    except (ModuleNotFoundError, KeyError, TypeError, ValueError):  # Options raises without a secret
        return None
