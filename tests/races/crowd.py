"""Twenty colleagues who press a button at one instant, from several processes, each on a connection of their own."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.context import ForkContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert

from intake.database import db, writing
from intake.models import User
from intake.models.site import Site
from intake.rules.permissions import GRANTS, Actor, ActorKind, Role
from tests.conftest import running_app

PEOPLE, PROCESSES = 20, 4
PATIENCE = 60
"""Seconds after which a round counts as stuck."""

Deed = Callable[[Site, Actor], Any]
"""What everybody does; what it returns goes through a queue, so it is to be plain."""


def colleagues(now: datetime) -> list[Actor]:
    """Twenty people. Nobody signs in here, so nobody needs a password."""
    people = []
    with writing() as conn:
        for number in range(PEOPLE):
            row = {
                "email": f"person{number}@example.com", "name": f"Person {number}", "active": True,
                "fs_uniquifier": f"{number:064d}", "created_at": now,
            }  # fmt: skip
            user_id = conn.execute(insert(User).values(row).returning(User.__table__.c.id)).scalar_one()
            people.append(Actor(ActorKind.PERSON, user_id, f"Person {number}", GRANTS[Role.STAFF]))
    return people


class Crowd:
    """The people at their places: ``press`` has all of them do the deed at once."""

    def __init__(self, people: list[Actor], context: ForkContext) -> None:
        self._people = people
        self._line = context.Barrier(len(people) + 1)
        self._came = context.Queue()

    def press(self) -> dict[int | None, Any]:
        """What came of it, by person; a deed that failed in a way nobody expects fails here."""
        self._line.wait(PATIENCE)
        came = dict(self._came.get(timeout=PATIENCE) for _ in self._people)
        broken = [one for one in came.values() if isinstance(one, BaseException)]
        if broken:
            raise broken[0]
        return came

    def work(self, url: str, folder: Path, people: list[Actor], deed: Deed, rounds: int) -> None:
        """One process: some of the people, each in a thread."""
        with running_app(url, folder) as app:
            threads = [threading.Thread(target=self._one, args=(app, actor, deed, rounds)) for actor in people]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _one(self, app: Flask, actor: Actor, deed: Deed, rounds: int) -> None:
        with app.app_context():
            for _ in range(rounds):
                self._line.wait(PATIENCE)
                try:
                    came = deed(app.extensions["intake"], actor)
                except Exception as error:  # told where it can fail the test
                    came = RuntimeError(f"{type(error).__name__}: {error}")
                self._came.put((actor.user_id, came))


@contextmanager
def crowd(url: str, folder: Path, people: list[Actor], deed: Deed, *, rounds: int) -> Iterator[Crowd]:
    """As many processes as work together; they are gone afterwards."""
    context = multiprocessing.get_context("fork")
    db.engine.dispose()  # no child may share a connection
    together, processes = Crowd(people, context), list[BaseProcess]()
    for place in range(PROCESSES):
        args = (url, folder, people[place::PROCESSES], deed, rounds)
        processes.append(context.Process(target=together.work, args=args, daemon=True))
    for process in processes:
        process.start()
    try:
        yield together
    finally:
        for process in processes:
            process.join(5)
            process.kill()
