"""The place where accounts are looked after: who is here, inviting, roles, a new link, ending sign-ins and access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import people_words
from intake.admin.base import PanelView, acting, request_time, see_other
from intake.admin.moments import Clock
from intake.database import reading
from intake.extensions import current_site
from intake.queries import directory, invitations
from intake.rules.permissions import Permission, Role
from intake.services import inviting, people, second_factor
from intake.services.accounts import LONGEST_NAME, PeopleError, faults
from intake.services.errors import ChangedError, NotFoundError, RefusedError
from intake.services.sign_in import NotMatchedError, TooManyTriesError
from intake.wording import roles
from intake.wording.times import wait_words
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class _Form:
    """What was typed about a person, with the words beside the field that is at fault."""

    name: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    mark: str = ""
    errors: dict[str, str] | None = None


def _typed() -> _Form:
    values = request.form
    return _Form(
        values.get("name", ""), values.get("email", ""), tuple(values.getlist("roles")), values.get("mark", "")
    )


def _at_fault(typed: _Form, *codes: str) -> _Form:
    errors = dict(people_words.refusal(code) for code in codes)
    return _Form(typed.name, typed.email, typed.roles, typed.mark, errors)


class People(PanelView):
    """Every account, and one of them."""

    permission = Permission.PEOPLE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Everybody by name, 50 a page, beside the form that invites one more."""
        return self._list(_Form(roles=(Role.STAFF.value,)))

    def _list(self, typed: _Form, code: int = 200) -> ResponseReturnValue:
        now, after = request_time(), request.args.get("after", "")
        cursor = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else None
        with reading() as conn:
            found = directory.page(conn, after=cursor, limit=directory.PAGE + 1, now=now)
        shown = found[: directory.PAGE]
        return self.page(
            "admin/people.html",
            code=code,
            rows=[people_words.row(entry, self._clock(now)) for entry in shown],
            is_later_page=cursor is not None,
            next_cursor=shown[-1].id if len(found) > directory.PAGE else None,
            typed=typed,
            errors=typed.errors or {},
            role_choices=_choices(typed.roles),
            longest=LONGEST_NAME,
        )

    @expose("/invite", methods=("POST",))
    def invite(self) -> ResponseReturnValue:
        """Make the account and send the link."""
        typed, site, now = _typed(), current_site(), request_time()
        wrong = faults(name=typed.name, roles=typed.roles, email=typed.email)
        if wrong:
            return self._list(_at_fault(typed, *wrong), 422)
        try:
            user_id = inviting.invite(
                site, acting(), email=typed.email, name=typed.name, roles=typed.roles, now=now
            )  # fmt: skip
        except PeopleError as error:
            return self._list(_at_fault(typed, error.code), 422)
        flash(gettext("Invited. The link goes out by mail and works for three days."), "ok")
        return see_other("people.show", user_id=user_id)

    @expose("/<int:user_id>")
    def show(self, user_id: int) -> ResponseReturnValue:
        """One person: what they may do, how they get in, and what was done."""
        return self._one(user_id)

    def _one(
        self,
        user_id: int,
        typed: _Form | None = None,
        *,
        code: int = 200,
        problem: str = "",
        factor_error: str = "",
    ) -> ResponseReturnValue:
        now = request_time()
        with reading() as conn:
            entry = directory.one(conn, user_id, now=now)
            if entry is None:
                raise NotFoundError
            claims = directory.open_claims(conn, user_id)
            record = directory.record_of(conn, current_site(), user_id)
            mail = invitations.mail_of(conn, user_id) if entry.is_active and entry.link_until else None
        clock, typed = self._clock(now), typed or _Form(entry.name, roles=entry.roles, mark=entry.mark)
        return self.page(
            "admin/person.html",
            code=code,
            person=people_words.row(entry, clock),
            mail=people_words.mail_note(mail, clock, is_open=entry.has_link(now)),
            is_oneself=acting().user_id == user_id,
            will_happen=people_words.what_disabling_does(claims, entry.live_sign_ins, entry.has_link(now)),
            record=people_words.record(record, clock),
            created=clock.stamp(entry.created_at),
            typed=typed,
            errors=typed.errors or {},
            problem=problem,
            factor_error=factor_error,
            role_choices=_choices(typed.roles),
            longest=LONGEST_NAME,
        )

    @expose("/<int:user_id>/change", methods=("POST",))
    def change(self, user_id: int) -> ResponseReturnValue:
        """Save the name and the roles, unless somebody else saved others since the page was opened."""
        typed = _typed()
        wrong = faults(name=typed.name, roles=typed.roles)
        if wrong:
            return self._one(user_id, _at_fault(typed, *wrong), code=422)
        try:
            people.change(
                current_site(), acting(), user_id, name=typed.name, roles=typed.roles, expected_mark=typed.mark,
                now=request_time(),
            )  # fmt: skip
        except PeopleError as error:
            return self._one(user_id, _at_fault(typed, error.code), code=422)
        except ChangedError:
            return self._collided(user_id, typed)
        flash(gettext("Saved. New roles count from the person’s next click on."), "ok")
        return see_other("people.show", user_id=user_id)

    def _collided(self, user_id: int, typed: _Form) -> ResponseReturnValue:
        """Both are shown; saved again, what this person typed stands."""
        with reading() as conn:
            entry = directory.one(conn, user_id, now=request_time())
        if entry is None:
            raise NotFoundError
        problem = gettext(
            "Somebody else saved this person meanwhile: %(name)s, %(roles)s. What you typed is below, not saved yet.",
            name=entry.name, roles=roles.roles(entry.roles),
        )  # fmt: skip
        return self._one(user_id, _Form(typed.name, "", typed.roles, entry.mark), code=409, problem=problem)

    @expose("/<int:user_id>/disable", methods=("POST",))
    def disable(self, user_id: int) -> ResponseReturnValue:
        """End somebody's access, with everything that hangs on it."""
        try:
            done = people.disable(current_site(), acting(), user_id, now=request_time())
        except PeopleError as error:
            return self._one(user_id, code=422, problem=people_words.refusal(error.code)[1])
        flash(people_words.disabled(done.claims, done.sign_ins), "ok")
        return see_other("people.show", user_id=user_id)

    @expose("/<int:user_id>/enable", methods=("POST",))
    def enable(self, user_id: int) -> ResponseReturnValue:
        """Give access back."""
        people.enable(current_site(), acting(), user_id, now=request_time())
        flash(gettext("Enabled again. What was ended stays ended."), "ok")
        return see_other("people.show", user_id=user_id)

    @expose("/<int:user_id>/link", methods=("POST",))
    def link(self, user_id: int) -> ResponseReturnValue:
        """Send a new link: the first one was lost or too old, or the password is forgotten."""
        try:
            inviting.send_link(current_site(), acting(), user_id, now=request_time())
        except PeopleError as error:
            return self._one(user_id, code=422, problem=people_words.refusal(error.code)[1])
        flash(gettext("A new link goes out by mail and works for three days. Older links no longer work."), "ok")
        return see_other("people.show", user_id=user_id)

    @expose("/<int:user_id>/second-factor", methods=("POST",))
    def second_factor(self, user_id: int) -> ResponseReturnValue:
        """Take it away: the telephone and the recovery codes are lost."""
        try:
            password, now = request.form.get("password", ""), request_time()
            second_factor.reset(current_site(), acting(), user_id, password=password, now=now)
        except RefusedError as refused:
            return self._one(user_id, code=422, problem=people_words.refusal(refused.code)[1])
        except NotMatchedError:
            return self._one(user_id, code=422, factor_error=gettext("This is not your password"))
        except TooManyTriesError as error:
            return self._one(user_id, code=429, factor_error=wait_words(error.until, now))
        flash(gettext("The second factor is taken away, and every sign-in is ended. They are told by mail."), "ok")
        return see_other("people.show", user_id=user_id)

    @expose("/<int:user_id>/sign-out", methods=("POST",))
    def sign_out(self, user_id: int) -> ResponseReturnValue:
        """End every sign-in of this person, on whatever device."""
        ended = people.end_sign_ins(current_site(), acting(), user_id, now=request_time())
        words = ngettext("Ended %(num)s sign-in.", "Ended %(num)s sign-ins.", ended)
        flash(f"{words} {gettext('They can sign in again with their password.')}", "ok")
        return see_other("people.show", user_id=user_id)

    @staticmethod
    def _clock(now: datetime) -> Clock:
        return Clock(current_site().time_zone, now)


def _choices(held: tuple[str, ...]) -> list[dict[str, object]]:
    """The roles as boxes, each with what it gives."""
    return [
        {"value": role.value, "name": roles.role(role), "may": roles.may(role), "is_held": role.value in held}
        for role in Role
    ]
