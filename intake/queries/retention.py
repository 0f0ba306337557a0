"""What has expired: requests whose person is to be forgotten, and words typed into the record long ago."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from intake.models import Audit, AuditText, CallbackRequest, MailTry, Note, OutboxMessage, SearchToken
from intake.rules.retention import Retention
from intake.rules.workflow import ClosedReason

_C = CallbackRequest.__table__.c
_M, _Y = OutboxMessage.__table__.c, MailTry.__table__.c
_T, _A, _N, _S = (model.__table__.c for model in (AuditText, Audit, Note, SearchToken))


def has_expired(retention: Retention, now: datetime) -> ColumnElement[bool]:
    """Ended long enough ago, and no legal hold. An open request never expires."""
    as_spam = and_(_C.closed_reason == ClosedReason.SPAM.value, _C.closed_at < retention.spam_before(now))
    return and_(_C.has_legal_hold == false(), or_(_C.closed_at < retention.closed_before(now), as_spam))


def says_something() -> ColumnElement[bool]:
    """Whether anything of the person is left; also what was written after an earlier purge."""
    texts = select(_T.audit_id).join(Audit.__table__, _A.id == _T.audit_id)
    return or_(
        _C.phone_encrypted.is_not(None),
        _C.name_encrypted.is_not(None),
        select(_N.id).where(_N.callback_id == _C.id, _N.text_encrypted.is_not(None)).exists(),
        select(_S.token).where(_S.callback_id == _C.id).exists(),
        texts.where(_A.callback_id == _C.id, _T.text_encrypted.is_not(None)).exists(),
    )


def expired(conn: Connection, retention: Retention, *, now: datetime, after: int = 0, limit: int) -> list[int]:
    """Ids of requests to be redacted, in order, from the one behind ``after`` on."""
    asked = select(_C.id).where(_C.id > after, has_expired(retention, now), says_something())
    return list(conn.execute(asked.order_by(_C.id).limit(limit)).scalars())


def old_texts(
    conn: Connection, retention: Retention, *, now: datetime, among: list[int] | None = None, limit: int
) -> list[int]:
    """Audit ids (of these, if any are named) whose typed words are too old, unless their request is held."""
    held = select(_C.id).where(_C.id == _A.callback_id, _C.has_legal_hold).exists()
    asked = select(_T.audit_id).join(Audit.__table__, _A.id == _T.audit_id)
    asked = asked.where(_T.text_encrypted.is_not(None), _A.at < retention.typed_before(now), ~held)
    asked = asked if among is None else asked.where(_T.audit_id.in_(among))
    return list(conn.execute(asked.order_by(_T.audit_id).limit(limit)).scalars())


def old_tries(conn: Connection, retention: Retention, *, now: datetime, limit: int) -> list[int]:
    """Tries to send mails about no request, from so long ago that a request would have gone."""
    asked = select(_Y.id).join(OutboxMessage.__table__, _M.id == _Y.message_id)
    asked = asked.where(_M.callback_id.is_(None), _Y.tried_at < retention.closed_before(now))
    return list(conn.execute(asked.order_by(_Y.id).limit(limit)).scalars())


def counts(conn: Connection, retention: Retention, *, now: datetime) -> tuple[int, int]:
    """How many requests and how many old texts a purge would take now."""
    requests = select(func.count()).select_from(CallbackRequest.__table__)
    found = conn.execute(requests.where(has_expired(retention, now), says_something())).scalar_one()
    return int(found), len(old_texts(conn, retention, now=now, limit=1_000_000))
