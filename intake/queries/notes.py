"""What staff have written down about a request: which notes stand, when the newest was written, what one says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, select

from intake.models import Audit, Note
from intake.models.site import Site

_N = Note.__table__.c
_A = Audit.__table__.c


def is_taken_back() -> ColumnElement[bool]:
    """Whoever wrote it thought better of it at once. Its words stay on record, but nobody is to go by them."""
    its_own = _A.details["struck_note"].as_string() == _N.public_id
    return exists().where(_A.callback_id == _N.callback_id, _A.action == "callback.undone", its_own)


def newest(conn: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    """When the newest note of each of these requests was written that stands; not what it says."""
    if not ids:
        return {}
    asked = select(_N.callback_id, func.max(_N.written_at)).where(_N.callback_id.in_(ids), ~is_taken_back())
    return {callback_id: at for callback_id, at in conn.execute(asked.group_by(_N.callback_id))}


def written_with(conn: Connection, site: Site, callback_id: int, by_id: int, at: datetime) -> str:
    """What somebody wrote about a request at that instant, and has not taken back; "" for nothing."""
    asked = select(_N.public_id, _N.text_encrypted).where(_N.callback_id == callback_id, _N.by_id == by_id)
    found = conn.execute(asked.where(_N.written_at == at, ~is_taken_back())).all()
    return "\n".join(site.keyring.open("note.text", one.public_id, one.text_encrypted) or "" for one in found)
