"""What a dossier asks besides the story of a request: each run of its clock, and what was first sent and promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, func, literal, select, union_all

from intake.models import Audit, AuditText, CallAttempt, CallbackRequest, Episode, User
from intake.models.site import Site
from intake.queries import fact_words
from intake.queries.as_told import as_told
from intake.queries.facts import PRESENT
from intake.rules import windows
from intake.rules.counting import Kept
from intake.rules.limits import LONGEST_CALL
from intake.rules.promise import PromiseKind
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Voicemail

_C, _E, _A, _T, _U = (model.__table__.c for model in (CallbackRequest, Episode, Audit, AuditText, User))
_TRY = CallAttempt.__table__.c
_FIGURES = (
    "received_at", "is_open_arrival", "target_at", "promised_by_at", "promise_kind", "is_promised", "calendar_id",
    "attempt_count", "first_attempt_at", "open_seconds", "all_seconds", "is_met", "is_promise_kept", "is_window_kept",
    "reached_at", "reach_tries", "is_preempted", "unassigned_seconds", "waited_open_seconds", "waited_all_seconds",
    "closed_at", "closed_reason", "uncounted_at",
)  # fmt: skip
_CHANGES = ("visitor.changed_time", "visitor.changed_voicemail", "visitor.changed_number")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the clock, as it was promised and as it went. ``number``: 0 for the first; the last one goes on or
    ended. ``call_started_at`` and ``check_by_at`` (until ``check_decided_at``) are of the last one only, and so is
    ``told_by_at``: what its own visitor was promised, where one that was joined to it was promised a sooner call.
    """

    number: int
    is_last: bool
    received_at: datetime
    is_open_arrival: bool
    target_at: datetime
    promised_by_at: datetime
    promise_kind: PromiseKind
    is_promised: bool
    calendar_id: int | None
    attempt_count: int
    first_attempt_at: datetime | None
    first_attempt_by: str
    open_seconds: int | None
    all_seconds: int | None
    is_met: bool | None
    is_promise_kept: bool | None
    is_window_kept: bool | None
    reached_at: datetime | None
    reach_tries: int | None
    is_preempted: bool
    unassigned_seconds: int | None
    waited_open_seconds: int | None
    waited_all_seconds: int | None
    closed_at: datetime | None
    closed_reason: ClosedReason | None
    uncounted_at: datetime | None
    agreed: Kept
    call_started_at: datetime | None = None
    check_by_at: datetime | None = None
    check_decided_at: datetime | None = None
    told_by_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FirstSent:
    """What the visitor chose when they sent it, before anything was changed.

    ``window``: the time asked for; None with ``is_window`` where the record no longer says which one.
    ``number``: as dialled (E.164), where they changed it later; "" otherwise, or without the right to see numbers.
    """

    is_window: bool
    window: Window | None
    is_free_time: bool
    voicemail: Voicemail
    number: str = field(repr=False)


def runs(conn: Connection, callback_id: int, now: datetime) -> tuple[Run, ...]:
    """Every run of the clock, the first one first; more than one where it was opened again.

    ``agreed``: what became of the times agreed later, as reports tell it.
    """
    none = literal(None)
    figures = (_E[name].label(name) for name in _FIGURES)
    agreed = [fact_words.agreed(one).label("agreed") for one in (fact_words.WHICHEVER, fact_words.EARLIER)]
    earlier = select(_E.number, *figures, agreed[1], _U.name, none, none, none).select_from(
        Episode.__table__.outerjoin(User.__table__, _U.id == _E.first_attempt_by_id)
    )
    of_present = (_C[name].label(name) for name in _FIGURES)
    present = select(
        literal(PRESENT).label("number"), *of_present, agreed[0], _U.name,
        _C.call_started_at, _C.check_by_at, _C.check_decided_at,
    ).select_from(CallbackRequest.__table__.outerjoin(User.__table__, _U.id == _C.first_attempt_by_id))  # fmt: skip
    both = union_all(present.where(_C.id == callback_id), earlier.where(_E.callback_id == callback_id))
    found_rows = conn.execute(both, {"now": now, "call_since": now - LONGEST_CALL})
    rows = sorted(found_rows, key=lambda row: (row.number == PRESENT, row.number))
    found = tuple(_run(row, number) for number, row in enumerate(rows))
    told = as_told(conn, conn.execute(select(CallbackRequest.__table__).where(_C.id == callback_id)).one())
    return (*found[:-1], replace(found[-1], told_by_at=told.promised_by_at))


def _run(row: Row[Any], number: int) -> Run:
    told = {name: getattr(row, name) for name in _FIGURES}
    told["agreed"] = Kept(row.agreed)
    told["promise_kind"] = PromiseKind(row.promise_kind)
    told["closed_reason"] = ClosedReason(row.closed_reason) if row.closed_reason else None
    last = {name: getattr(row, name) for name in ("call_started_at", "check_by_at", "check_decided_at")}
    return Run(number=number, is_last=row.number == PRESENT, first_attempt_by=row.name or "", **told, **last)


def first_sent(conn: Connection, site: Site, callback_id: int, first: Run, *, with_contact: bool) -> FirstSent:
    """What was sent at first: as it stands, but for what the record says was changed. ``first``: the first run."""
    row = conn.execute(select(CallbackRequest.__table__).where(_C.id == callback_id)).one()
    told, changes = as_told(conn, row), _first_changes(conn, callback_id)
    voicemail = changes.get("visitor.changed_voicemail")
    number = changes.get("visitor.changed_number")
    typed = number and with_contact and site.keyring.open("audit_text.text", number.public_id, number.text_encrypted)
    window, kind = _window(conn, callback_id, told, first, changes.get("visitor.changed_time"))
    return FirstSent(
        is_window=kind is PromiseKind.WINDOW,
        window=window,
        is_free_time=kind is PromiseKind.OWN_WORDS,
        voicemail=Voicemail(voicemail.details.get("before", told.voicemail) if voicemail else told.voicemail),
        number=(typed or "").partition(" ")[0],
    )


def _first_changes(conn: Connection, callback_id: int) -> dict[str, Row[Any]]:
    """The first entry of each kind of change."""
    asked = select(func.min(_A.id)).where(_A.callback_id == callback_id, _A.action.in_(_CHANGES)).group_by(_A.action)
    source = Audit.__table__.outerjoin(AuditText.__table__, _T.audit_id == _A.id)
    told = select(_A.action, _A.at, _A.details, _T.public_id, _T.text_encrypted).select_from(source)
    rows = cast("Sequence[Row[Any]]", conn.execute(told.where(_A.id.in_(asked))).all())
    return {row.action: row for row in rows}


def _window(
    conn: Connection, callback_id: int, told: Any, first: Run, change: Row[Any] | None
) -> tuple[Window | None, PromiseKind]:
    """The oldest witness of the first run says it: the visitor's first change, the first outcome, or else the row.

    A time agreed with staff writes over the time that was asked for, and after a first call the kind of the promise
    stays what it was.
    """
    asked = select(_TRY.logged_at, _TRY.window_from, _TRY.window_until)
    asked = asked.where(_TRY.callback_id == callback_id, _TRY.episode == 0)
    attempt = conn.execute(asked.order_by(_TRY.id).limit(1)).first()
    until = attempt.logged_at if attempt else None if first.is_last else first.closed_at
    if change is not None and "from" in change.details and (until is None or change.at <= until):
        value = str(change.details["from"])
        if value == "asap":
            return None, PromiseKind.SPEED
        return windows.read(value), PromiseKind.OWN_WORDS if value == "other" else PromiseKind.WINDOW
    if first.promise_kind is not PromiseKind.WINDOW:
        return None, first.promise_kind
    witness: Any = attempt or (told if first.is_last else None)
    if witness is None or witness.window_from is None:
        return None, PromiseKind.WINDOW
    return Window(witness.window_from, witness.window_until), PromiseKind.WINDOW
