"""The buttons beside a request with the same number or email: these two are one, or they are not after all."""

from __future__ import annotations

from flask import flash
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import undoing
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.request import RequestPages
from intake.extensions import current_site
from intake.queries.search import reference_in
from intake.rules.permissions import Permission
from intake.services import duplicates
from intake.services.errors import EndedError, RefusedError
from intake.wording.translation import gettext


class LinkingPages(RequestPages):
    """Joining is said of two requests, so it does not matter on which of the two pages it was pressed."""

    @expose("/<reference>/link", methods=("POST",))
    @needs(Permission.WORK)
    def link(self, reference: str) -> ResponseReturnValue:
        """One person asked twice: the older request goes on, the newer one ends as its duplicate."""
        other = reference_in(self.typed().text("other")) or ""
        try:
            survivor = duplicates.link(current_site(), acting(), reference, other, now=request_time())
        except EndedError:
            flash(gettext("One of the two is over already, so there is nothing to join."), "bad")
            return see_other("queue.show", reference=reference)
        except RefusedError as refused:
            flash(_refusal(refused.code), "bad")
            return see_other("queue.show", reference=reference)
        gone = reference if survivor == other else other
        undoing.done(gettext("%(gone)s is joined to %(kept)s, which keeps the earlier time.", gone=gone, kept=survivor))
        return see_other("queue.show", reference=survivor)

    @expose("/<reference>/unlink", methods=("POST",))
    @needs(Permission.WORK)
    def unlink(self, reference: str) -> ResponseReturnValue:
        """Two people after all: the newer request waits again."""
        try:
            survivor = duplicates.unlink(current_site(), acting(), reference, now=request_time())
        except RefusedError as refused:
            flash(_refusal(refused.code), "bad")
            return see_other("queue.show", reference=reference)
        undoing.done(gettext("Taken apart from %(other)s. It waits for its call again.", other=survivor))
        return see_other("queue.show", reference=reference)


def _refusal(code: str) -> str:
    return {
        "same_request": gettext("That is this request itself."),
        "nothing_shared": gettext(
            "They share no number and no email, so they were not joined: they may be two people. If you know it is "
            "one, close the request that needs no call as “Same request twice”, with the other’s reference in the note."
        ),
        "under_check": gettext("First decide whether the one under “Check” is a real person."),
        "on_call": gettext("Somebody is on the phone about one of them. Wait until they have said what came of it."),
        "number_awaited": gettext(
            "The number of the older one did not work, so nobody could be called about both. Go on with the newer one, "
            "and close the older one as “Same request twice”."
        ),
        "not_linked": gettext("It is taken apart already."),
        "redacted": gettext("It was kept as long as it may be. There is no number left to call."),
    }.get(code, gettext("That is not possible now."))
