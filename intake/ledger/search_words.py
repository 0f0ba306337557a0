"""The keyed words a request is found by: written with it, and written anew when the visitor changes them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, text

from intake.database import Prepared
from intake.models import SearchToken
from intake.models.base import table_of
from intake.models.keyring import contact_words
from intake.models.site import Site

_ADD = Prepared(insert(table_of(SearchToken)), "token", "callback_id")
_ADD_ALL = Prepared(
    text("INSERT INTO search_token (token, callback_id) SELECT unnest(CAST(:tokens AS bigint[])), :callback_id")
)


def tokens(site: Site, *, name: str, e164: str, email: str | None) -> list[int]:
    """The keyed words of one request's name, number and email."""
    return sorted(set(site.keyring.search_tokens(contact_words(name, e164, email))))


def write(conn: Connection, callback_id: int, tokens: list[int]) -> None:
    """Store them."""
    if conn.dialect.name == "postgresql":
        _ADD_ALL.run(conn, {"tokens": "{" + ",".join(map(str, tokens)) + "}", "callback_id": callback_id})
    else:
        _ADD.run(conn, *({"token": token, "callback_id": callback_id} for token in tokens))


def replace(conn: Connection, site: Site, callback_id: int, *, name: str, e164: str, email: str | None) -> None:
    """Forget the old tokens and store these."""
    conn.execute(delete(SearchToken).where(SearchToken.callback_id == callback_id))
    write(conn, callback_id, tokens(site, name=name, e164=e164, email=email))
