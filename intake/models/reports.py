"""What reports leave behind: dated notes, who gets them by mail, and the figures that were once given out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, BigId, Instant, one_of


class Way(StrEnum):
    """How figures left the panel."""

    CSV = "csv"
    JSON = "json"
    WEEK = "week"
    MONTH = "month"


class Every(StrEnum):
    """How often a report is mailed."""

    WEEK = "week"
    MONTH = "month"


class PartOf(StrEnum):
    """By what the requests of a day are told apart: when they arrived, whence they came, who called first."""

    ARRIVAL = "arrival"
    SOURCE = "source"
    PERSON = "person"


class ReportDay(Base):
    """A day whose ended requests and earlier episodes are kept counted: a cache, made anew whenever it is gone.

    ``hours``: counted ones by hour of the week and state. ``version``: how often it was counted.
    """

    __tablename__ = "report_day"

    received_on: Mapped[date] = mapped_column(Date, primary_key=True)
    definition: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer)
    hours: Mapped[bytes] = mapped_column(LargeBinary)


class ReportFacts(Base):
    """What each request of a kept day is counted by, for whatever a report is narrowed to; nobody is named.

    ``seconds``: sums of those called, since few of them say the same.
    """

    __tablename__ = "report_facts"

    received_on: Mapped[date] = mapped_column(Date, primary_key=True)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    seconds: Mapped[bytes] = mapped_column(LargeBinary)


class ReportPart(Base):
    """One part of a kept day: how many in each place (``rules.places``), and how many waited how many minutes by each
    clock.
    """

    __tablename__ = "report_part"
    __table_args__ = (one_of("part", PartOf), {"sqlite_with_rowid": False})

    part: Mapped[str] = mapped_column(String(8), primary_key=True)
    received_on: Mapped[date] = mapped_column(Date, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    counts: Mapped[bytes] = mapped_column(LargeBinary)
    waits_open: Mapped[bytes] = mapped_column(LargeBinary)
    waits_all: Mapped[bytes] = mapped_column(LargeBinary)
    unassigned_seconds: Mapped[int] = mapped_column(BigInteger)
    called_seconds: Mapped[int] = mapped_column(BigInteger)


class ReportMark(Base):
    """Something that a day counts was written after it was counted. Only ever added by triggers, in the same commit."""

    __tablename__ = "report_mark"
    __table_args__ = (Index("ix_report_mark_received_on", "received_on", "id"),)

    id: Mapped[BigId]
    received_on: Mapped[date] = mapped_column(Date)


class ReportNote(Base):
    """Something that happened on a day and explains its figures ("phones down"). Holds nothing about a visitor."""

    __tablename__ = "report_note"
    __table_args__ = (Index("ix_report_note_noted_on", "noted_on", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    noted_on: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    removed_at: Mapped[datetime | None] = mapped_column(Instant)


class KeptReport(Base):
    """Figures as they were given out, so that a later difference can be explained."""

    __tablename__ = "kept_report"
    __table_args__ = (one_of("way", Way), Index("ix_kept_report_first_on", "first_on", "last_on", "id"))

    id: Mapped[BigId]
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    way: Mapped[str] = mapped_column(String(16))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)


class ReportMailing(Base):
    """Somebody gets a report by mail. ``made_through_on``: the last day that has been told already."""

    __tablename__ = "report_mailing"
    __table_args__ = (one_of("every", Every),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    every: Mapped[str] = mapped_column(String(8), primary_key=True)
    since_at: Mapped[datetime] = mapped_column(Instant)
    made_through_on: Mapped[date] = mapped_column(Date)
