"""What reports leave behind: dated notes, who gets them by mail, and the figures that were once given out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String
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
