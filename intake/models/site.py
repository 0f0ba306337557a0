"""The provider this installation serves: what every verb needs to know of it, made once at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from intake.models.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Site:
    """Names, zone, address and keys. Absolute links come from ``public_url``, never from a request's headers."""

    provider_name: str
    provider_short_name: str
    provider_phone: str
    provider_phone_e164: str
    time_zone: str
    public_url: str
    keyring: Keyring
    team_email: str = ""
    mail_sender: str = ""
    is_production: bool = False
    webhook_url: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    needs_second_factor: bool = False

    def link(self, public_id: str, version: int) -> str:
        """The visitor's private address for one request."""
        return f"{self.public_url}/callback/{self.keyring.link_token(public_id, version)}"

    def invitation_link(self, public_id: str) -> str:
        """Where an invited person chooses a password."""
        return f"{self.public_url}/welcome/{self.keyring.invitation_token(public_id)}"

    def desk_link(self, reference: str) -> str:
        """Where staff open one request, behind sign-in."""
        return f"{self.public_url}/admin/queue/{reference}"
