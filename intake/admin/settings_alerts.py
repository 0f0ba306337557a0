"""Alerts: who is told of what is late, who is on call out of hours, the alarm for silence, and a test of each way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.outbox_words import Teller, tested
from intake.admin.outcome_form import Typed
from intake.admin.queue import clock
from intake.admin.settings import MOST_MET, SettingsView, seen_version, signed
from intake.admin.settings_targets import read_number
from intake.admin.settings_words import Change
from intake.database import reading
from intake.extensions import current_site
from intake.queries import outbox, people, rule_versions
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import STANDARD, AlertRules
from intake.rules.permissions import Permission
from intake.services import mail
from intake.services import rule_versions as versions
from intake.services.alerting import WOKEN_AGAIN
from intake.services.errors import ChangedError, RefusedError
from intake.wording.translation import gettext, lazy_gettext, ngettext

RANGES = {
    "escalate_minutes": (0, 480), "repeat_minutes": (5, 480), "digest_minutes": (1, 240), "on_call_minutes": (5, 480),
}  # fmt: skip
"""The numbers of the page with the lowest and highest each takes."""
_LABELS = {
    "escalate_minutes": lazy_gettext("Escalate after, opening minutes late"),
    "repeat_minutes": lazy_gettext("Repeat every, minutes"),
    "digest_minutes": lazy_gettext("Mail one person alerts at most every, minutes"),
    "escalate_to": lazy_gettext("Told of what stays late"),
    "is_on_call": lazy_gettext("On call out of hours"),
    "on_call_minutes": lazy_gettext("On call: claim within, minutes"),
    "on_call": lazy_gettext("People on call"),
    "is_silence_watched": lazy_gettext("Alarm when it is too quiet"),
}
_SWITCHES = ("is_on_call", "is_silence_watched")
_WHO = ("escalate_to", "on_call")
_NAME_LENGTH = 32


class AlertPages(SettingsView):
    """All of it is saved together."""

    @expose("/alerts")
    def alerts(self) -> ResponseReturnValue:
        """The rules in force; with ``test``, what became of a test message."""
        stored, version, names = _stored()
        return self._alerts(stored, version, names, _written(stored))

    @expose("/alerts", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_alerts(self) -> ResponseReturnValue:
        """Save, or fill in the default."""
        typed, (stored, version, names) = self.typed(), _stored()
        seen = seen_version(typed) or 0
        if request.form.get("do") == "default":
            changed = changes(stored, STANDARD, names)
            return self._alerts(stored, seen, names, _written(STANDARD), changed=changed)
        values = _typed_values(typed)
        wanted = _read(typed, stored, names)
        if wanted is None:
            return self._alerts(stored, seen, names, values, code=422, errors=typed.errors)
        changed = changes(stored, wanted, names)
        said = words.sentence(changed)
        try:
            versions.change(
                current_site(), acting(), RuleKind.ALERTS, wanted.to_document(), seen=seen, words=said,
                now=request_time(),
            )  # fmt: skip
        except ChangedError:
            theirs = _met_another(seen, names)
            return self._alerts(stored, version, names, values, code=409, theirs=theirs, changed=changed)
        return self.saved("alerts", said)

    @expose("/alerts/test", methods=("POST",))
    @needs(Permission.SETTINGS)
    def test_alerts(self) -> ResponseReturnValue:
        """A mail to oneself, or a message to the webhook; the page then says what became of it."""
        send = {"mail": mail.send_test, "hook": mail.send_hook_test}.get(request.form.get("way", ""))
        if send is None:
            abort(404)
        try:
            name = send(current_site(), acting(), now=request_time())
        except RefusedError as error:
            said = {
                "no_webhook": gettext("There is no webhook: the environment does not name one."),
                "test_waiting": gettext("The last test is still waiting to go out. Look for it in the outbox."),
            }
            flash(said[error.code], "bad")
            return see_other("settings.alerts")
        return see_other("settings.alerts", test=name)

    def _alerts(
        self, stored: AlertRules, version: int, names: Mapping[int, str], values: Mapping[str, Any], **more: Any
    ) -> ResponseReturnValue:
        site = current_site()
        return self.show(
            "alerts",
            **more,
            version=version,
            values=values,
            numbers={name: (_LABELS[name], *bounds) for name, bounds in RANGES.items()},
            notes={"digest_minutes": _woken_again()},
            labels=_LABELS,
            people=sorted(names.items(), key=lambda each: each[1]),
            due_soon=self.stored().target.due_soon_minutes,
            hook=urlsplit(site.webhook_url).hostname or "",
            is_signed=bool(site.webhook_secret),
            team=site.team_email,
            test=_test_told(request.args.get("test", "")),
            test_id=request.args.get("test", ""),
        )


def _woken_again() -> str:
    return ngettext(
        "People on call are mailed more often: once a minute at most, while you are closed.",
        "People on call are mailed more often: every %(num)s minutes at most, while you are closed.",
        WOKEN_AGAIN // timedelta(minutes=1),
    )


def _stored() -> tuple[AlertRules, int, dict[int, str]]:
    with reading() as conn:
        found = rule_versions.current(conn, RuleKind.ALERTS)
        names = {person.id: person.name for person in people.working(conn)}
    return AlertRules.from_document(found.document), found.id, names


def _written(rules: AlertRules) -> dict[str, Any]:
    """The rules as the form's fields; people as a list of ids."""
    values: dict[str, Any] = {name: str(getattr(rules, name)) for name in RANGES}
    values |= {name: "1" if getattr(rules, name) else "" for name in _SWITCHES}
    return values | {name: [str(who) for who in getattr(rules, name)] for name in _WHO}


def _typed_values(typed: Typed) -> dict[str, Any]:
    return dict(typed.values) | {name: request.form.getlist(name) for name in _WHO}


def _read(typed: Typed, before: AlertRules, names: Mapping[int, str]) -> AlertRules | None:
    """The rules as typed; None with every mistake named at its field."""
    numbers = {name: read_number(typed, name, *bounds) for name, bounds in RANGES.items()}
    chosen = {name: tuple(who for who in names if str(who) in request.form.getlist(name)) for name in _WHO}
    switches = {name: bool(typed.values.get(name)) for name in _SWITCHES}
    if switches["is_on_call"] and not chosen["on_call"] and not current_site().webhook_url:
        typed.errors["on_call"] = gettext("Choose at least one person, or switch this off")
    if typed.errors:
        return None
    given: dict[str, Any] = {**numbers, **chosen, **switches}
    return replace(before, **given)


def changes(before: AlertRules, after: AlertRules, names: Mapping[int, str]) -> list[Change]:
    """Everything that is different, in words."""
    return [
        Change(str(label), _said(name, getattr(before, name), names), _said(name, getattr(after, name), names))
        for name, label in _LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]


def _said(name: str, value: Any, names: Mapping[int, str]) -> str:
    if name in _SWITCHES:
        return gettext("on") if value else gettext("off")
    if name not in _WHO:
        return str(value)
    if not value:
        return gettext("the managers on shift") if name == "escalate_to" else gettext("nobody")
    return ", ".join(names.get(who, gettext("somebody who is not here any more")) for who in value)


def _met_another(seen: int, names: Mapping[int, str]) -> list[tuple[str, list[Change]]]:
    """Who has changed what since the page was made, newest first."""
    with reading() as conn:
        found = rule_versions.versions(conn, RuleKind.ALERTS, limit=MOST_MET + 1)
    told = []
    for index, version in enumerate(found[:MOST_MET]):
        if version.id <= seen or version.created_at is None:
            break
        older = found[index + 1].document if index + 1 < len(found) else {}
        before, after = AlertRules.from_document(older), AlertRules.from_document(version.document)
        told.append((signed(version.author, version.created_at), changes(before, after, names)))
    return told


def _test_told(name: str) -> str:
    """What became of a test: one's own mail, or a message to the webhook."""
    if len(name) != _NAME_LENGTH or not name.isalnum():
        return ""
    with reading() as conn:
        found = outbox.one(conn, name)
        is_held = outbox.is_held(conn)
    if found is None:
        return ""
    if found.kind == mail.HOOK_TEST:
        happened = Teller(clock(), {}, is_held=False).happened(found)
        return gettext("Your test message to the webhook: %(happened)s.", happened=happened)
    is_own = found.kind == mail.TEST and found.recipient == f"user:{acting().person_id}"
    return tested(Teller(clock(), {}, is_held=is_held), found) if is_own else ""
