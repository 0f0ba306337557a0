"""Who may do what: roles are named sets of permissions, and code asks for permissions only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One right. ``contact`` is the right to see names and numbers."""

    QUEUE = "queue"
    WORK = "work"
    CONTACT = "contact"
    ASSIGN = "assign"
    REOPEN = "reopen"
    REPORTS = "reports"
    SEE_SETTINGS = "see_settings"
    SETTINGS = "settings"
    SCRIPT = "script"
    PEOPLE = "people"
    AUDIT = "audit"
    OUTBOX = "outbox"


class Role(StrEnum):
    """A person may hold several."""

    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"


_P = Permission
GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.STAFF: frozenset({_P.QUEUE, _P.WORK, _P.CONTACT, _P.REOPEN}),
    Role.MANAGER: frozenset(
        {_P.QUEUE, _P.WORK, _P.CONTACT, _P.ASSIGN, _P.REOPEN, _P.REPORTS, _P.OUTBOX, _P.SEE_SETTINGS, _P.SCRIPT}
    ),
    Role.ADMIN: frozenset(set(_P) - {_P.AUDIT}),
    Role.AUDITOR: frozenset({_P.AUDIT, _P.REPORTS}),
}
"""The auditor reads who saw what, and no names; the administrator runs the service, but does not audit themself."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """All rights that these role names give; unknown names give none."""
    known = {role.value: role for role in Role}
    return frozenset().union(*(GRANTS[known[name]] for name in roles if name in known))


class ForbiddenError(PermissionError):
    """This person lacks the right."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"needs the right {permission.value}")
        self.permission = permission


class ActorKind(StrEnum):
    """Whose act an entry in the record is."""

    VISITOR = "visitor"
    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something. ``user_id`` and ``name`` are set for a signed-in person only."""

    kind: ActorKind
    user_id: int | None = None
    name: str = ""
    permissions: frozenset[Permission] = frozenset()

    def may(self, permission: Permission) -> bool:
        """Whether the right is held."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise ForbiddenError unless the right is held."""
        if not self.may(permission):
            raise ForbiddenError(permission)

    @property
    def person_id(self) -> int:
        """The id of a signed-in person; ForbiddenError for anybody else."""
        if self.user_id is None:
            raise ForbiddenError(Permission.WORK)
        return self.user_id


VISITOR = Actor(ActorKind.VISITOR)
SYSTEM = Actor(ActorKind.SYSTEM)
