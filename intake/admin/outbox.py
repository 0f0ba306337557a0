"""The outbox: which mails wait, went out or were given up and why, whether the mail server answers, and a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.datastructures import MultiDict

from intake.admin import outbox_tries
from intake.admin.base import PanelView, acting, request_time, see_other
from intake.admin.outbox_words import Teller, channel_card, shelves, tested
from intake.admin.queue import clock
from intake.database import reading
from intake.extensions import current_site
from intake.queries import audit, outbox
from intake.queries.outbox import Shelf
from intake.rules.permissions import Permission
from intake.services import mail, viewing
from intake.services.errors import NotFoundError, RefusedError
from intake.wording import mails
from intake.wording.translation import gettext, ngettext

_LONGEST_NUMBER = 18
_NAME_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as the address holds it. ``before`` is 0 for the newest."""

    shelf: Shelf
    kind: str
    before: int

    @property
    def address(self) -> dict[str, str]:
        """The filter for a link."""
        named = {"state": "" if self.shelf is Shelf.ALL else self.shelf.value, "kind": self.kind}
        return {name: value for name, value in named.items() if value}

    @property
    def on_record(self) -> dict[str, str]:
        """The filter for the record."""
        return {"mails": self.kind, "list": self.shelf.value} if self.kind else {"list": self.shelf.value}


def read(fields: MultiDict[str, str]) -> Asked:
    """What was asked for; what there is not is not filtered by."""
    shelf, kind, before = (fields.get(name, "") for name in ("state", "kind", "before"))
    is_number = before.isascii() and before.isdigit() and len(before) <= _LONGEST_NUMBER
    return Asked(
        Shelf(shelf) if shelf in set(Shelf) else Shelf.ALL,
        kind if kind in mails.kinds() else "",
        int(before) if is_number else 0,
    )


class Outbox(PanelView):
    """For managers and administrators. Nothing here shows a visitor's address unmasked."""

    permission = Permission.OUTBOX

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Mails, newest first; the filter stands in the address."""
        asked, now = read(request.args), request_time()
        test_id = request.args.get("test", "")
        with reading() as conn:
            standing = outbox.standing(conn, now=now)
            before = asked.before or standing.newest_id + 1
            page = outbox.page(conn, asked.shelf, kind=asked.kind, before=before)
            people = audit.people(conn)
            test = outbox.one(conn, test_id) if len(test_id) == _NAME_LENGTH and test_id.isalnum() else None
        viewing.read_outbox(current_site(), acting(), about=asked.on_record, now=now)
        teller = Teller(clock(), people, is_held=standing.channel.down_since is not None)
        is_own_test = test is not None and test.kind == mail.TEST and test.recipient == f"user:{acting().person_id}"
        values: dict[str, Any] = {
            "asked": asked,
            "shelves": shelves(standing, asked.shelf),
            "kinds": mails.kinds(),
            "card": channel_card(standing, clock()),
            "rows": [teller.row(one) for one in page.mails],
            "older": page.older,
            "is_later_page": bool(asked.before),
            "test": tested(teller, test) if test and is_own_test else None,
            "test_id": test_id,
            "most": mail.MOST_AT_ONCE,
        }
        return self.page("admin/outbox.html", **values)

    @expose("/<public_id>")
    def show(self, public_id: str) -> ResponseReturnValue:
        """One mail: to whom, every try, and what it said."""
        with reading() as conn:
            found = outbox.one(conn, public_id)
            if found is None:
                raise NotFoundError
            tries = outbox.tries(conn, found)
            addresses = outbox.addresses(conn, current_site(), found)
            people = audit.people(conn) if found.recipient.startswith("user:") else {}
            is_held = outbox.is_held(conn)
        seen = {"message": public_id, "mails": found.kind, "reference": found.reference}
        about = {name: value for name, value in seen.items() if value}
        viewing.read_outbox(current_site(), acting(), about=about, now=request_time())
        return self.page(
            "admin/outbox_mail.html",
            mail=Teller(clock(), people, is_held=is_held).row(found),
            addresses=addresses if acting().may(Permission.CONTACT) or found.recipient != "visitor" else (),
            tries=outbox_tries.rows(tries, clock()),
            sent=outbox_tries.sent(tries, clock()),
            may_open=acting().may(Permission.QUEUE),
        )

    @expose("/<public_id>/again", methods=("POST",))
    def again(self, public_id: str) -> ResponseReturnValue:
        """One mail goes out once more; back to the list it stood in, its own page, or the person it invites."""
        try:
            mail.send_any_again(current_site(), acting(), public_id, now=request_time())
        except RefusedError:
            flash(gettext("That mail is on its way already, or was sent."), "bad")
        else:
            flash(gettext("The mail goes out again now."), "ok")
        if request.form.get("back") == "mail":
            return see_other("outbox.show", public_id=public_id)
        person = request.form.get("person", "")
        if person.isascii() and person.isdigit() and len(person) <= _LONGEST_NUMBER:
            return see_other("people.show", user_id=int(person))
        return see_other("outbox.index", **read(request.form).address)

    @expose("/again", methods=("POST",))
    def all_again(self) -> ResponseReturnValue:
        """All mails that were given up, or those of the kind that is shown."""
        asked = read(request.form)
        many = mail.send_all_again(current_site(), acting(), kind=asked.kind, now=request_time())
        if many:
            words = ngettext("One mail goes out again now.", "%(num)s mails go out again now.", many)
            flash(words, "ok")
        else:
            flash(gettext("There was no mail left to send again."))
        return see_other("outbox.index", **asked.address)

    @expose("/test", methods=("POST",))
    def test(self) -> ResponseReturnValue:
        """A mail to oneself; the page then says what became of it."""
        try:
            name = mail.send_test(current_site(), acting(), now=request_time())
        except RefusedError:
            flash(gettext("Your last test mail is still waiting. Look for it in the list."), "bad")
            return see_other("outbox.index", state=Shelf.WAITING.value, kind=mail.TEST)
        return see_other("outbox.index", test=name)
