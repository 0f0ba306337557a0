"""Where a request comes from, and how many came from there lately. Only a hint: it fails open and keeps no address."""

from __future__ import annotations

import logging
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import Request
from limits.storage import Storage, storage_from_string

from intake.models.keyring import Keyring

log = logging.getLogger(__name__)
WINDOW_SECONDS = 3600


def client_network(request: Request, trusted_proxies: int) -> str | None:
    """The sender's IPv4 address or IPv6 /64; with n proxies in front, the nth entry of X-Forwarded-For from the right.

    Entries further left are the sender's own words and are never believed.
    """
    text = request.remote_addr or ""
    if trusted_proxies:
        entries = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
        text = entries[-trusted_proxies].strip() if len(entries) >= trusted_proxies else text
    return _network(text)


def _network(text: str) -> str | None:
    bare = text.partition(":")[0] if text.count(":") == 1 else text  # 192.0.2.1:4711
    try:
        address: IPv4Address | IPv6Address = ip_address(bare.removeprefix("[").partition("]")[0].partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((address, 64), strict=False))
    return str(address)


class ArrivalCounter:
    """How often something was seen within an hour, under keyed hashes, in Redis or in this process."""

    def __init__(self, redis_url: str, keyring: Keyring) -> None:
        self._keyring = keyring
        self._storage: Storage | None = None
        options = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5} if redis_url else {}
        try:
            self._storage = storage_from_string(redis_url or "memory://", **options)  # type: ignore[assignment]
        except Exception as error:  # a counter that cannot be had must not stop the form
            log.warning("arrivals are not counted: %s", type(error).__name__)

    def seen_before(self, kind: str, value: str | None) -> int:
        """Count one arrival and say how many there were before it in this hour; 0 when the counter is out of order."""
        if value is None or self._storage is None:
            return 0
        key = f"intake/{kind}/{self._keyring.index_of(f'count_{kind}', value).hex()}"
        try:
            return max(0, int(self._storage.incr(key, WINDOW_SECONDS)) - 1)
        except Exception as error:  # Redis down, slow, read-only: a hint is lost, never a request
            log.warning("arrivals are not counted: %s", type(error).__name__)
            return 0
