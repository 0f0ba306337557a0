"""The keyed words a request is found by: written with it, and written anew when the visitor changes them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert

from intake.database import Prepared
from intake.models import SearchToken
from intake.models.base import table_of
from intake.models.keyring import contact_words
from intake.models.site import Site

_ADD = Prepared(insert(table_of(SearchToken)), "token", "callback_id")


def write(conn: Connection, site: Site, callback_id: int, *, name: str, e164: str, email: str | None) -> None:
    """Store the tokens of one request's name, number and email."""
    tokens = sorted(set(site.keyring.search_tokens(contact_words(name, e164, email))))
    _ADD.run(conn, *({"token": token, "callback_id": callback_id} for token in tokens))


def replace(conn: Connection, site: Site, callback_id: int, *, name: str, e164: str, email: str | None) -> None:
    """Forget the old tokens and store these."""
    conn.execute(delete(SearchToken).where(SearchToken.callback_id == callback_id))
    write(conn, site, callback_id, name=name, e164=e164, email=email)
