"""The staff panel: Flask-Admin's routing, menu and rights, with our own pages."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme
from flask_login import current_user

from intake.admin import rail
from intake.admin.account import Account
from intake.admin.adding import AddingPages
from intake.admin.audit import Audit
from intake.admin.base import PanelIndex, request_time
from intake.admin.bulk import BulkPages
from intake.admin.chosen_copies import ChosenCopies
from intake.admin.claiming import ClaimingPages
from intake.admin.correcting import CorrectingPages
from intake.admin.desk_work import DeskWorkPages
from intake.admin.handing import HandingPages
from intake.admin.keyboard import outcome_keys
from intake.admin.linking import LinkingPages
from intake.admin.next_calls import NextCallPages
from intake.admin.on_shift import OnShiftPages
from intake.admin.outbox import Outbox
from intake.admin.outcomes import OutcomePages
from intake.admin.people import People
from intake.admin.queue import QueuePages
from intake.admin.queue_live import QueueLivePages
from intake.admin.reports import ReportPages
from intake.admin.reports_calls import ReportCalls
from intake.admin.reports_copies import ReportCopies
from intake.admin.reports_dossier import DossierPages
from intake.admin.reports_lists import ReportLists
from intake.admin.reports_mailing import ReportMailingPages
from intake.admin.reports_notes import ReportNotePages
from intake.admin.request_live import RequestLivePages
from intake.admin.saving import SavingPages
from intake.admin.settings import HoursPages
from intake.admin.settings_alerts import AlertPages
from intake.admin.settings_calling import CallingPages
from intake.admin.settings_days import HolidayPages
from intake.admin.settings_history import HistoryPages
from intake.admin.settings_law import LawPages
from intake.admin.settings_routing import RoutingPages
from intake.admin.settings_script import ScriptPages
from intake.admin.settings_targets import TargetPages
from intake.admin.shifts import ShiftPages
from intake.admin.snoozing import SnoozingPages
from intake.admin.undoing import UndoPages, undo_offer
from intake.extensions import current_site
from intake.rules.permissions import Permission
from intake.rules.routing import is_on_shift
from intake.wording.translation import language, lazy_gettext


class Queue(
    QueuePages,
    SavingPages,
    QueueLivePages,
    RequestLivePages,
    AddingPages,
    ShiftPages,
    OnShiftPages,
    NextCallPages,
    ClaimingPages,
    HandingPages,
    OutcomePages,
    CorrectingPages,
    LinkingPages,
    DeskWorkPages,
    SnoozingPages,
    UndoPages,
    BulkPages,
    ChosenCopies,
):
    """The place where requests are worked: the list, one request, and every button on both."""


class Settings(
    HoursPages, HolidayPages, TargetPages, CallingPages, LawPages, RoutingPages, AlertPages, ScriptPages, HistoryPages
):  # fmt: skip
    """What holds from now on: hours, holidays, targets, calling, routing, alerts, words, and what was set before."""


class Reports(ReportPages, ReportLists, ReportCalls, ReportCopies, ReportNotePages, ReportMailingPages, DossierPages):
    """How fast people are called back, and what stands behind each figure."""


def init_app(app: Flask) -> None:
    """Register every place before the first request."""
    admin = Admin(
        app, name="Intake", index_view=PanelIndex(), theme=Theme(folder="bootstrap4", base_template="admin/base.html")
    )
    admin.add_view(Queue(name=lazy_gettext("Queue"), endpoint="queue", url="/admin/queue", menu_icon_value="queue"))
    admin.add_view(
        Outbox(name=lazy_gettext("Outbox"), endpoint="outbox", url="/admin/outbox", menu_icon_value="outbox")
    )
    admin.add_view(Audit(name=lazy_gettext("Audit"), endpoint="audit", url="/admin/audit", menu_icon_value="audit"))
    admin.add_view(
        Reports(name=lazy_gettext("Reports"), endpoint="reports", url="/admin/reports", menu_icon_value="reports")
    )
    admin.add_view(
        People(name=lazy_gettext("People"), endpoint="people", url="/admin/people", menu_icon_value="people")
    )
    admin.add_view(
        Settings(name=lazy_gettext("Settings"), endpoint="settings", url="/admin/settings", menu_icon_value="settings")
    )
    admin.add_view(Account(name=lazy_gettext("Your account"), endpoint="me", url="/admin/account"))
    app.jinja_env.globals.update(
        panel_language=language,
        panel_site=current_site,
        panel_now=_now,
        may_search=_may_search,
        may_work=_may_work,
        on_shift=_on_shift,
        rail_badge=rail.badge,
        undo_offer=undo_offer,
        has_keys=_has_keys,
        outcome_keys=outcome_keys,
    )


def _now() -> str:
    return request_time().isoformat(timespec="milliseconds")


def _may_work() -> bool:
    return bool(current_user.is_authenticated) and Permission.WORK in current_user.permissions


def _on_shift() -> bool:
    return is_on_shift(current_user.on_shift_since, request_time())


def _may_search() -> bool:
    return bool(current_user.is_authenticated) and Permission.QUEUE in current_user.permissions


def _has_keys() -> bool:
    """Single keys are for the queue, and can be turned off."""
    return _may_search() and bool(current_user.prefers.is_keys_on)
