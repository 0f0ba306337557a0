"""The yardstick: the least a Flask app can do. One constant page, and one row inserted in one durable transaction."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from flask import Flask, Response, request
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert

from intake.database import engine_options, prepare_engine
from intake.models.base import Instant, big_id

METADATA = MetaData()
REQUEST = Table(
    "bare_request",
    METADATA,
    Column("id", big_id, primary_key=True),
    Column("name", String(100)),
    Column("phone", String(40)),
    Column("message", String(500)),
    Column("received_at", Instant),
)


def create_app() -> Flask:
    """The same engine, the same pragmas, the same way to begin a transaction; ``BENCH_PAGE_BYTES`` long a page."""
    app = Flask("bare", root_path=os.getcwd())
    app.config["INTAKE_EMBEDDED_WORKER"] = False  # gunicorn.conf.py asks
    url = os.environ["DATABASE_URL"]
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    page = b"<!doctype html>".ljust(int(os.environ["BENCH_PAGE_BYTES"]))

    @app.get("/callback")
    def form() -> Response:
        return Response(page, content_type="text/html; charset=utf-8")

    @app.post("/callback")
    def send() -> Response:
        form = request.form
        row = {
            "name": form["name"],
            "phone": form["phone"],
            "message": form["message"],
            "received_at": datetime.now(UTC),
        }
        with engine.connect().execution_options(immediate=True) as conn, conn.begin():
            conn.execute(insert(REQUEST).values(row))
        return Response(status=303, headers={"Location": "/callback/done"})

    return app


def make_table(url: str) -> None:
    """Make the one table, before two processes would both try to."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    METADATA.create_all(engine)
    engine.dispose()
