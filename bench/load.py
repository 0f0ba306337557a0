"""A load generator that costs little: ready-made requests on a few connections, the next after each answer."""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

CONNECTIONS = 8


@dataclass
class Result:
    """What one round gave."""

    answered: int
    wrong: int
    seconds: float
    cpu_seconds: float
    latencies: list[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def p50_ms(self) -> float:
        return statistics.median(self.latencies) * 1000

    @property
    def p99_ms(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98] * 1000

    @property
    def cpu_ms(self) -> float:
        """Processor time the server used for one request."""
        return self.cpu_seconds / max(self.answered, 1) * 1000


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n\r\n".encode()


def post(path: str, fields: dict[str, str]) -> bytes:
    body = urlencode(fields)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
    ).encode()


class _Line:
    """One connection: what was sent when, and how much of the answer is still to come."""

    def __init__(self, port: int) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.sent_at = 0.0

    def send(self, text: bytes) -> None:
        self.got, self.sent_at = b"", time.perf_counter()
        self.wire.sendall(text)

    def answer(self) -> bytes | None:
        """The status line once the whole answer is here."""
        piece = self.wire.recv(65536)
        if not piece:
            raise ConnectionError("the server hung up")
        self.got += piece
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found:
            return None
        at = head.lower().index(b"content-length:") + 15
        length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
        return head[: head.index(b"\r\n")] if len(body) >= length else None


def measure(port: int, texts: Iterator[bytes], expected: int, seconds: float, pids: list[int]) -> Result:
    """Keep the server busy for ``seconds``; ``pids`` are its processes."""
    chosen = selectors.DefaultSelector()
    lines = [_Line(port) for _ in range(CONNECTIONS)]
    latencies: list[float] = []
    wrong, status = 0, f" {expected} ".encode()
    cpu, began = cpu_seconds(pids), time.perf_counter()
    for line in lines:
        chosen.register(line.wire, selectors.EVENT_READ, line)
        line.send(next(texts))
    end, open_lines = began + seconds, len(lines)
    while open_lines:
        for key, _ in chosen.select():
            line = key.data
            first = line.answer()
            if first is None:
                continue
            now = time.perf_counter()
            latencies.append(now - line.sent_at)
            wrong += status not in first
            if now < end:
                line.send(next(texts))
            else:
                chosen.unregister(line.wire)
                line.wire.close()
                open_lines -= 1
    took = time.perf_counter() - began
    return Result(len(latencies), wrong, took, cpu_seconds(pids) - cpu, latencies)


def cpu_seconds(pids: list[int]) -> float:
    """User and system time these processes have used so far."""
    total = 0.0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / 100
    return total
