"""Nouns: tables, constraints, indexes, column types and the keyring. No behaviour beyond properties."""

from intake.models.base import Base
from intake.models.callback import CallAttempt, CallbackRequest, Episode, Note, SearchToken, SuppressedNumber
from intake.models.desk import (
    Alarm,
    Alert,
    DuplicateLink,
    Lapse,
    Presence,
    RuleVersion,
    SavedView,
    Skip,
    UndoneAttempt,
    UndoStep,
)
from intake.models.people import Invitation, Role, SignIn, Throttle, User
from intake.models.records import (
    Audit,
    AuditSeal,
    AuditText,
    CalendarVersion,
    ConsentWording,
    MailChannel,
    MailTry,
    OutboxMessage,
)
from intake.models.reports import KeptReport, ReportDay, ReportFacts, ReportMailing, ReportMark, ReportNote, ReportPart
from intake.models.second_factor import RecoveryCode, SecondFactor, SignInStep

__all__ = [
    "Alarm",
    "Alert",
    "Audit",
    "AuditSeal",
    "AuditText",
    "Base",
    "CalendarVersion",
    "CallAttempt",
    "CallbackRequest",
    "ConsentWording",
    "DuplicateLink",
    "Episode",
    "Invitation",
    "KeptReport",
    "Lapse",
    "MailChannel",
    "MailTry",
    "Note",
    "OutboxMessage",
    "Presence",
    "RecoveryCode",
    "ReportDay",
    "ReportFacts",
    "ReportMailing",
    "ReportMark",
    "ReportNote",
    "ReportPart",
    "Role",
    "RuleVersion",
    "SavedView",
    "SearchToken",
    "SecondFactor",
    "SignIn",
    "SignInStep",
    "Skip",
    "SuppressedNumber",
    "Throttle",
    "UndoStep",
    "UndoneAttempt",
    "User",
]
