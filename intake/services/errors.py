"""Why a verb did not happen. Each carries what a person needs to be told."""

from __future__ import annotations

from datetime import datetime


class ServiceError(Exception):
    """Nothing was stored."""


class NotFoundError(ServiceError):
    """There is no such request, person or link (any more)."""


class EndedError(ServiceError):
    """The request is closed or withdrawn, so this cannot be done to it."""


class TakenError(ServiceError):
    """Somebody else holds the request: ``holder`` is their name, ``since`` when they claimed it."""

    def __init__(self, holder: str, since: datetime) -> None:
        super().__init__("somebody else holds this request")
        self.holder, self.since = holder, since


class ChangedError(ServiceError):
    """The request was changed by somebody else after the page this came from was made."""


class RefusedError(ServiceError):
    """A rule forbids it; ``code`` names the rule (see ``wording.names.call_reason``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
