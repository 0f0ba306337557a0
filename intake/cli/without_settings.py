"""What ``flask`` does while the settings do not let the service start: it helps to make them, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import click
from flask import Flask, current_app
from flask.cli import AppGroup, FlaskGroup

from intake.rules.setting import NOT_FROM_OUTSIDE, is_here

_PROBLEMS, _NEW_KEYS = "intake_problems", "intake_new_keys"

NewKeys = Callable[[], Mapping[str, str]]


class _Helping(AppGroup):
    """Some commands, and for every other name what is wrong with the settings."""

    def __init__(self, name: str, commands: Sequence[click.Command], error: Exception) -> None:
        super().__init__(name, commands=list(commands), help="Until the settings are right: init and check.")
        self._error = error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command, or the reason why it cannot run."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            raise click.ClickException(str(self._error))
        return found


def stand_in(error: Exception, problems: Sequence[str], new_keys: NewKeys, commands: Sequence[click.Command]) -> Flask:
    """An app with nothing but ``commands``, for a shell that looks for them. Everywhere else ``error`` is raised.

    A server gets the error; a command that needs the service gets it as one message without a traceback.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        raise error
    if not isinstance(context.command, FlaskGroup):
        raise click.ClickException(str(error)) from error
    app = Flask("intake", static_folder=None)
    app.extensions[_PROBLEMS] = tuple(problems)
    keep_maker(app, new_keys)
    app.cli = _Helping("flask", [_Helping("intake", commands, error)], error)
    return app


def keep_maker(app: Flask, new_keys: NewKeys) -> None:
    """Remember how keys are made: settings are no business of the rooms, and a shell needs fresh ones once."""
    app.extensions[_NEW_KEYS] = new_keys


def refuse_outside(app: Flask) -> None:
    """``flask run --host`` in development listens to this machine only, as gunicorn does."""
    context = click.get_current_context(silent=True)
    host = context.params.get("host") if context is not None and context.info_name == "run" else None
    if host and not app.config["IS_PRODUCTION"] and not is_here(str(host)):
        raise click.ClickException(NOT_FROM_OUTSIDE)


def new_keys() -> Mapping[str, str]:
    """Fresh keys in the environment's names."""
    return cast(NewKeys, current_app.extensions[_NEW_KEYS])()


def problems() -> tuple[str, ...]:
    """Why there is no service; empty when there is one."""
    return cast(tuple[str, ...], current_app.extensions.get(_PROBLEMS, ()))
