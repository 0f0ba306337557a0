"""Where a request comes from, and how many came from there lately. Only a hint: it fails open and keeps no address."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import cast

from flask import Request
from limits.storage import Storage, storage_from_string

from intake.models.keyring import Keyring

log = logging.getLogger(__name__)
WINDOW_SECONDS = 3600
MOST_KEYS = 10_000
"""What one process remembers, about 2 MB; a flood of other addresses only makes it forget a hint."""


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


class LocalCounter:
    """Counts within this process. A key's window begins when it is first seen; the oldest key makes room for a new one.

    Windows are all of one length, so the order in which they began is the order in which they end.
    """

    def __init__(self, seconds: float, most: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key: str) -> int:
        """Count one, and say how many that makes."""
        with self._lock:
            at = self._clock()
            self._forget(at)
            began, count = self._seen.get(key, (at, 0))
            self._seen[key] = began, count + 1
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)
            return count + 1

    def _forget(self, at: float) -> None:
        while self._seen and next(iter(self._seen.values()))[0] + self._seconds <= at:
            self._seen.popitem(last=False)

    def __len__(self) -> int:
        return len(self._seen)


class ArrivalCounter:
    """How often something was seen within an hour, under keyed hashes, in Redis or in this process."""

    def __init__(self, redis_url: str, keyring: Keyring) -> None:
        self._keyring = keyring
        self._count = _shared(redis_url) if redis_url else LocalCounter(WINDOW_SECONDS).add

    def seen_before(self, kind: str, value: str | None) -> int:
        """Count one arrival and say how many there were before it in this hour; 0 when the counter is out of order."""
        if value is None or self._count is None:
            return 0
        key = f"intake/{kind}/{self._keyring.index_of(f'count_{kind}', value).hex()}"
        try:
            return max(0, self._count(key) - 1)
        except Exception as error:  # Redis down, slow, read-only: a hint is lost, never a request
            log.warning("arrivals are not counted: %s", type(error).__name__)
            return 0


def _shared(redis_url: str) -> Callable[[str], int] | None:
    """Counting in Redis, for all processes; None when the address is of no use."""
    try:
        storage = cast(Storage, storage_from_string(redis_url, socket_connect_timeout=0.5, socket_timeout=0.5))
    except Exception as error:  # a counter that cannot be had must not stop the form
        log.warning("arrivals are not counted: %s", type(error).__name__)
        return None
    return lambda key: int(storage.incr(key, WINDOW_SECONDS))
