"""Notes and script: the ready-made notes, what to say in each language, and the steps in a crisis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user

from intake.admin import script_words
from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.outcome_form import Typed
from intake.admin.settings import MOST_MET, SettingsView, seen_version, signed
from intake.admin.settings_words import Change
from intake.database import reading
from intake.extensions import current_site
from intake.queries import rule_versions
from intake.queries.rule_versions import RuleKind, Rules
from intake.rules import call_script
from intake.rules.call_script import (
    LANGUAGES,
    LONGEST_NOTE,
    LONGEST_SCRIPT,
    LONGEST_STEPS,
    MOST_NOTES,
    MOST_STEPS,
    CallScript,
)
from intake.rules.permissions import Permission
from intake.services import rule_versions as versions
from intake.services.errors import ChangedError
from intake.wording.translation import gettext

SAMPLE = "Ana"
"""Whom the preview calls."""


class ScriptPages(SettingsView):
    """Each button saves one thing. Managers may too: it is their team that speaks."""

    @expose("/script")
    def script(self) -> ResponseReturnValue:
        """As it is."""
        stored, version = _stored()
        return self._script(stored, version, written(stored))

    @expose("/script", methods=("POST",))
    @needs(Permission.SCRIPT)
    def save_script(self) -> ResponseReturnValue:
        """Save a note or the texts; or show how the texts read; or fill in the standard."""
        typed, (stored, version), verb = self.typed(), _stored(), request.form.get("do", "")
        if verb == "default":
            return self._script(stored, version, written(CallScript()), preview=CallScript())
        act = _ACTS.get(verb)
        if act is None:
            abort(404)
        wanted = act(typed, stored)
        values = {**written(stored), **typed.values}
        if wanted is None or typed.errors:
            return self._script(stored, version, values, code=422, errors=typed.errors)
        changed = script_words.changes(stored, wanted)
        if verb == "preview":
            return self._script(stored, version, values, preview=wanted, changed=changed)
        seen = seen_version(typed) or 0
        try:
            versions.change(
                current_site(), acting(), RuleKind.SCRIPT, wanted.to_document(), seen=seen,
                words=words.sentence(changed), now=request_time(),
            )  # fmt: skip
        except ChangedError:
            theirs = _met_another(seen)
            return self._script(stored, version, values, code=409, theirs=theirs, changed=changed)
        flash(_saved(changed), "ok")
        return see_other("settings.script")

    def _script(
        self, stored: CallScript, version: int, values: Mapping[str, str], *, preview: CallScript | None = None,
        **more: Any,
    ) -> ResponseReturnValue:  # fmt: skip
        shown = preview or stored
        return self.show(
            "script",
            **{"may_change": Permission.SCRIPT in current_user.permissions, **more},
            version=version,
            values=values,
            notes=stored.notes,
            texts=[(f"script_{one}", str(script_words.NAMES[one]), one) for one in LANGUAGES],
            warned=_warnings(shown),
            preview=script_words.scripts(shown, caller=SAMPLE),
            steps=shown.steps.splitlines(),
            is_preview=preview is not None,
            lengths={"note": LONGEST_NOTE, "notes": MOST_NOTES, "script": LONGEST_SCRIPT, "steps": LONGEST_STEPS},
        )


def written(script: CallScript) -> dict[str, str]:
    """The texts as the form's fields."""
    return {f"script_{one}": script.scripts.get(one, "") for one in LANGUAGES} | {"steps": script.steps}


def _stored() -> tuple[CallScript, int]:
    with reading() as conn:
        found = rule_versions.current(conn, RuleKind.SCRIPT)
    return CallScript.from_document(found.document), found.id


def _met_another(seen: int) -> list[tuple[str, list[Change]]]:
    """Who has changed what since the page was made, newest first."""
    with reading() as conn:
        found = rule_versions.versions(conn, RuleKind.SCRIPT, limit=MOST_MET + 1)
    newer = [one for one in found if one.id > seen][:MOST_MET]
    older = [*found[1:], rule_versions.STANDARD]
    return [_told(one, before) for one, before in zip(newer, older, strict=False)]


def _told(version: Rules, before: Rules) -> tuple[str, list[Change]]:
    was, now = (CallScript.from_document(one.document) for one in (before, version))
    return signed(version.author, version.created_at or request_time()), script_words.changes(was, now)


def _saved(changed: list[Change]) -> str:
    """What was saved, by its name only: a flash travels in a cookie, which is smaller than a script."""
    if not changed:
        return gettext("Nothing was different.")
    return gettext("Saved: %(what)s.", what=", ".join(change.label for change in changed))


def _warnings(script: CallScript) -> list[str]:
    if not call_script.may_promise_a_watch(*script.scripts.values(), script.steps):
        return []
    return [gettext("A text may sound as if somebody watched over callers at all times. Say only what is done.")]


def _add_note(typed: Typed, stored: CallScript) -> CallScript | None:
    note = typed.text("note")
    if not note:
        typed.errors["note"] = gettext("Enter the note")
    elif len(note) > LONGEST_NOTE:
        typed.errors["note"] = gettext("Note must be %(most)s characters or fewer", most=LONGEST_NOTE)
    elif note.casefold() in (one.casefold() for one in stored.notes):
        typed.errors["note"] = gettext("That note is there already")
    elif len(stored.notes) >= MOST_NOTES:
        typed.errors["note"] = gettext("No more than %(most)s notes: take one away first", most=MOST_NOTES)
    return None if typed.errors else replace(stored, notes=(*stored.notes, note))


def _note_up(typed: Typed, stored: CallScript) -> CallScript:
    note = typed.text("note")
    place = stored.notes.index(note) if note in stored.notes else 0
    return replace(stored, notes=call_script.moved_up(stored.notes, place))


def _remove_note(typed: Typed, stored: CallScript) -> CallScript:
    return replace(stored, notes=tuple(one for one in stored.notes if one != typed.text("note")))


def _read_texts(typed: Typed, stored: CallScript) -> CallScript | None:
    """The scripts and the steps, as plain text."""
    scripts = {one: _read_script(typed, f"script_{one}") for one in LANGUAGES}
    steps = "\n".join(line.strip() for line in typed.prose("steps").splitlines() if line.strip())
    missing = call_script.missing_lines(steps)
    if len(steps) > LONGEST_STEPS:
        typed.errors["steps"] = gettext("Steps must be %(most)s characters or fewer", most=LONGEST_STEPS)
    elif len(steps.splitlines()) > MOST_STEPS:
        typed.errors["steps"] = gettext("No more than %(most)s steps, one on each line", most=MOST_STEPS)
    elif missing:
        typed.errors["steps"] = gettext("The steps must name %(lines)s", lines=gettext(" and ").join(missing))
    return None if typed.errors else replace(stored, scripts=scripts, steps=steps)


def _read_script(typed: Typed, name: str) -> str:
    text = typed.prose(name)
    unknown = call_script.unknown_blanks(text)
    if len(text) > LONGEST_SCRIPT:
        typed.errors[name] = gettext("Script must be %(most)s characters or fewer", most=LONGEST_SCRIPT)
    elif unknown:
        found = ", ".join(unknown)[:80]
        typed.errors[name] = gettext("Cannot fill in %(found)s. There are {caller}, {me} and {provider}", found=found)
    return text


_ACTS: Mapping[str, Callable[[Typed, CallScript], CallScript | None]] = {
    "add_note": _add_note, "up": _note_up, "remove_note": _remove_note, "texts": _read_texts, "preview": _read_texts,
}  # fmt: skip
