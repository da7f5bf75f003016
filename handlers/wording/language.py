"""The language the bot speaks: every sentence passes through here, so that another language needs a catalogue and no code.

The standard library's own `gettext` looks for the catalogue on disk at every call; here it is opened once.
"""

from __future__ import annotations

import gettext as _library
from pathlib import Path

_catalogue = _library.translation("action-hero", Path(__file__).parent / "locales", fallback=True)

gettext = _catalogue.gettext
ngettext = _catalogue.ngettext
