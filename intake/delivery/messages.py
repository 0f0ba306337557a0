"""Each mail as data: what it says, in whose language. Nothing personal and no word about treatment is ever in it.

A mail says a time only while it is still true: it may go out hours after it was written, so it is worded when sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from intake.models.site import Site
from intake.queries.kept_report import Given
from intake.queries.mail import MailedCallback
from intake.rules.limits import STANDARD, CallingRules
from intake.rules.permissions import Permission
from intake.rules.promise import NEVER_DUE, is_ahead_of_all, on_the_clock
from intake.rules.workflow import Voicemail
from intake.wording import report_mail, times
from intake.wording.translation import gettext, language, ngettext

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "email"
STAFF_LANGUAGE = "en"
_PRIVATE_LINK = re.compile(r"(/(?:callback|welcome)/)\S+")


class UnknownKindError(ValueError):
    """Nobody wrote a mail of this kind."""


class NothingToSayError(ValueError):
    """The request this mail is about is gone."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail's words. ``subject`` is one line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a mail is written from: site, instant, the request (if any), the row's details, how often we call, and the
    figures it is to tell (if any).
    """

    site: Site
    now: datetime
    callback: MailedCallback | None
    details: Mapping[str, Any]
    limits: CallingRules = STANDARD
    report: Given | None = None

    @property
    def about(self) -> MailedCallback:
        """The request; NothingToSayError if there is none."""
        if self.callback is None:
            raise NothingToSayError("the request is gone")
        return self.callback


Words = Mapping[str, Any]
NEEDED: Mapping[str, Permission] = {"person.report": Permission.REPORTS}
"""The right without which a mail of this kind does not go out, though it was written while somebody held it."""


def write(kind: str, occasion: Occasion) -> Letter:
    """The mail of this kind. UnknownKindError or NothingToSayError when there can be none."""
    if kind not in _KINDS:
        raise UnknownKindError(f"there is no mail called {kind}")
    is_for_visitor = kind.startswith("visitor.")
    with force_locale(occasion.about.language if is_for_visitor else STAFF_LANGUAGE):
        words = {"language": language(), "phone": occasion.site.provider_phone, **_KINDS[kind](occasion)}
        return _letter(_still_true(kind, occasion).replace(".", "_"), words)


def kept(letter: Letter) -> str:
    """Subject and text as they may be shown later: without what stands behind a private link or an invitation."""
    return _PRIVATE_LINK.sub(r"\1…", f"{letter.subject}\n\n{letter.text}")


def _still_true(kind: str, occasion: Occasion) -> str:
    """A cancellation that was taken back before its mail went out is told as a change, and so is a time that was.

    To the managers one of somebody in danger is told as such a request.
    """
    if kind == "manager.crisis_cancelled":
        return "manager.crisis" if occasion.about.is_open else kind
    is_withdrawn = kind == "visitor.withdrawn" and not occasion.about.is_open
    is_set = kind == "visitor.time_set" and occasion.about.is_open and occasion.about.window is not None
    return (
        kind if is_withdrawn or is_set or kind not in ("visitor.withdrawn", "visitor.time_set") else "visitor.changed"
    )


def _letter(name: str, words: Words) -> Letter:
    def filled(ending: str) -> str:
        return _templates().get_template(f"{name}.{ending}").render(words)

    subject = " ".join(filled("subject.txt").replace(times.NBSP, " ").split())
    text = filled("txt").replace(times.NBSP, " ").strip() + "\n"
    return Letter(subject, text, filled("html").replace(times.NBSP, "&nbsp;"))


@lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_=gettext, gettext=gettext, ngettext=ngettext)
    return made


def _for_desk(occasion: Occasion) -> Words:
    callback, site = occasion.about, occasion.site
    is_undue = callback.due_at >= NEVER_DUE  # another number is awaited
    return {
        "reference": callback.reference,
        "is_open": callback.is_open,
        "due": "" if is_undue else times.by_words(on_the_clock(callback.due_at), site.time_zone, occasion.now),
        "link": site.desk_link(callback.reference),
    }


def _for_several(occasion: Occasion) -> Words:
    return {"count": int(occasion.details["count"]), "link": f"{occasion.site.public_url}/admin/queue/?view=mine"}


def _for_queue(occasion: Occasion) -> Words:
    return {"link": f"{occasion.site.public_url}/admin/queue/"}


def _for_check(occasion: Occasion) -> Words:
    return {"link": f"{occasion.site.public_url}/admin/queue/?view=check"}


def _for_visitor(occasion: Occasion) -> Words:
    callback = occasion.about
    steps = [_see_link()]
    if _is_awaited(callback):
        steps = [_when(occasion), _from_where(occasion.site), _if_missed(callback, occasion.limits)]
    return {"reference": callback.reference, "link": callback.link, "steps": steps}


def _for_account(occasion: Occasion) -> Words:
    """``notice`` is the name Flask-Security gives its own mail, or ours; anything else is told in general words."""
    events = {
        "change_notice": gettext("The password of your account was changed."),
        "reset_notice": gettext("The password of your account was changed."),
        "factor_set": gettext("Signing in to your account now asks for a code from an authenticator app."),
        "factor_off": gettext("Signing in to your account no longer asks for a code."),
        "factor_reset": gettext("The second step of your sign-in was taken away. You are signed out everywhere."),
        "codes_made": gettext("New recovery codes were made for your account. The old ones no longer work."),
        "code_used": gettext("Somebody signed in to your account with a recovery code."),
        "codes_tried": gettext("Somebody knows your password and tried wrong codes. Change your password now."),
    }
    event = events.get(str(occasion.details.get("notice", "")), gettext("Something about your sign-in was changed."))
    return {"event": event, "link": f"{occasion.site.public_url}/login"}


def _for_invited(occasion: Occasion) -> Words:
    """The link is made again from its id: its secret is kept nowhere, not even beside the mail."""
    details, zone = occasion.details, occasion.site.time_zone
    until = datetime.fromisoformat(str(details["until"]))
    if until <= occasion.now:
        raise NothingToSayError("the link has run out; send a new one")
    return {
        "is_first": bool(details.get("is_first")),
        "link": occasion.site.invitation_link(str(details["invitation"])),
        "until": times.by_words(until, zone, occasion.now),
    }


def _for_alerts(occasion: Occasion) -> Words:
    """``items``: reference, how late, and the due time in ISO of each; ``more`` were too many to name."""
    items = [_alert_line(occasion, str(item[0]), str(item[1]), str(item[2])) for item in occasion.details["items"]]
    more = int(occasion.details.get("more", 0))
    return {
        "items": items,
        "more": more,
        "count": len(items) + more,
        "link": f"{occasion.site.public_url}/admin/queue/",
    }


def _alert_line(occasion: Occasion, reference: str, kind: str, due_at: str) -> str:
    if kind == "again":
        return gettext("%(reference)s: the same number or email has asked again", reference=reference)
    at = datetime.fromisoformat(due_at)
    due = times.by_words(on_the_clock(at), occasion.site.time_zone, occasion.now)
    if kind == "on_call":
        return gettext("%(reference)s came in out of hours: claim it by %(due)s", reference=reference, due=due)
    if kind == "on_call_late":
        return gettext(
            "%(reference)s waits out of hours and nobody has claimed it; it is due by %(due)s",
            reference=reference,
            due=due,
        )
    if is_ahead_of_all(at):
        return gettext("%(reference)s is to be called before all others, since %(due)s", reference=reference, due=due)
    if kind == "soon":
        return gettext("%(reference)s is due by %(due)s", reference=reference, due=due)
    if kind == "late":
        return gettext("%(reference)s is late: it was due by %(due)s", reference=reference, due=due)
    return gettext("%(reference)s still waits: it was due by %(due)s", reference=reference, due=due)


def _for_alarm(occasion: Occasion) -> Words:
    since = times.by_words(
        datetime.fromisoformat(str(occasion.details["since"])), occasion.site.time_zone, occasion.now
    )
    if occasion.details["kind"] == "silence":
        event = gettext("No callback request has come in since %(since)s.", since=since)
        advice = gettext("In the weeks before, there were always several in the same hours. Try the form yourself.")
        return {"event": event, "advice": advice, "link": f"{occasion.site.public_url}/callback"}
    event = gettext("Messages have been waiting to go out since %(since)s.", since=since)
    advice = gettext("Nothing is lost. Look into the outbox, and at the delivery worker.")
    return {"event": event, "advice": advice, "link": f"{occasion.site.public_url}/admin/outbox/"}


def _for_test(occasion: Occasion) -> Words:
    return {"link": f"{occasion.site.public_url}/admin/outbox/"}


def _for_report(occasion: Occasion) -> Words:
    """Worded from the figures that were kept when it was written: the same however late it goes out."""
    given, site = occasion.report, occasion.site
    if given is None:
        raise NothingToSayError("the figures are gone")
    days = given.asked.period
    return {
        "subject": report_mail.subject(given),
        "opening": report_mail.opening(given, site.time_zone),
        "sections": report_mail.sections(given),
        "link": f"{site.public_url}/admin/reports/?from={days.first_on}&to={days.last_on}",
        "stop": f"{site.public_url}/admin/reports/mailing",
    }


_KINDS: Mapping[str, Callable[[Occasion], Words]] = {
    "team.new": _for_desk,
    "team.check_digest": _for_check,
    "person.assigned": _for_desk,
    "person.assigned_many": _for_several,
    "person.taken_over": _for_desk,
    "person.security": _for_account,
    "person.invite": _for_invited,
    "person.report": _for_report,
    "person.test": _for_test,
    "manager.crisis": _for_desk,
    "manager.crisis_cancelled": _for_desk,
    "manager.crises": _for_queue,
    "staff.alerts": _for_alerts,
    "staff.alarm": _for_alarm,
    "visitor.received": _for_visitor,
    "visitor.changed": _for_visitor,
    "visitor.withdrawn": _for_visitor,
    "visitor.time_set": _for_visitor,
    "visitor.wrong_number": _for_visitor,
}


def _is_awaited(callback: MailedCallback) -> bool:
    """Whether a first call is still to come, so that its time may be told."""
    return callback.is_open and callback.is_promised and not callback.is_called


def _see_link() -> str:
    return gettext("Your private page always shows where your request stands.")


def _when(occasion: Occasion) -> str:
    callback, zone, now = occasion.about, occasion.site.time_zone, occasion.now
    if (callback.window.until_at if callback.window else callback.promised_by_at) <= now:
        return _see_link()
    if callback.awaits_a_time:
        by = times.promise_words(callback.promised_by_at, zone, now)
        return gettext("To agree a time, we will call or write to you %(promise)s.", promise=by)
    if callback.window:
        window = times.window_words(callback.window.from_at, callback.window.until_at, zone, now)
        zone_name = times.zone_words(zone, callback.window.from_at)
        return gettext("We will call you %(window)s %(zone)s.", window=window, zone=zone_name)
    return gettext("We will call you %(promise)s.", promise=times.promise_words(callback.promised_by_at, zone, now))


def _from_where(site: Site) -> str:
    return gettext("The call comes from %(phone)s. It may show as private.", phone=site.provider_phone)


def _if_missed(callback: MailedCallback, limits: CallingRules) -> str:
    rules = {
        Voicemail.NONE: gettext("If you miss it, we will not leave a message."),
        Voicemail.NUMBER_ONLY: gettext("If you miss it, we may leave a first name and a number only."),
        Voicemail.SAY_WHO: gettext("If you miss it, we may leave a message that says who we are."),
    }
    if callback.is_once_only:
        tries = gettext("We call you once only.")
    else:
        tries = gettext("We try up to %(tries)s times over %(days)s days.", tries=limits.attempts, days=limits.days)
    return f"{rules[callback.voicemail]} {tries}"
