"""The keys: what seals a value, finds it again, makes the private link, and proves the record."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

_FORMAT = b"\x01"
_WORD = re.compile(r"[^\W_]+")
SHORTEST_PREFIX, LONGEST_PREFIX = 3, 8


class SealError(ValueError):
    """A sealed value was changed, moved to another row, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Key:
    """One secret with the small number that values sealed with it carry."""

    id: int
    secret: bytes = field(repr=False)


def fold(text: str) -> str:
    """Case, accents and width ignored, so that José is found as jose."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _mac(secret: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 over length-prefixed parts, so that no two lists of parts read alike."""
    mac = _begun(secret).copy()
    mac.update(b"".join([len(part).to_bytes(4, "big") + part for part in parts]))
    return mac.finalize()


@lru_cache(maxsize=64)
def _begun(secret: bytes) -> HMAC:
    """Setting up a key costs OpenSSL twice what the MAC itself does, and one request needs some twenty."""
    return HMAC(secret, SHA256())


class Proof:
    """An HMAC that is fed part by part, for what is too long to be held at once. Parts are length-prefixed."""

    def __init__(self, secret: bytes, purpose: bytes) -> None:
        self._mac = _begun(secret).copy()
        self.add(purpose)

    def add(self, part: bytes) -> None:
        """The next part."""
        self._mac.update(len(part).to_bytes(4, "big") + part)

    def finish(self) -> bytes:
        """The 32 bytes that stand for all parts; nothing can be added after."""
        return self._mac.finalize()


@dataclass(frozen=True)
class Keyring:
    """All keys of one installation. The first of each list is used for new values, the others still read.

    ``encryption`` keys are 32 bytes (AES-256-GCM); a sealed value is
    format ‖ key id ‖ 12-byte nonce ‖ ciphertext, bound to ``table.column`` and the row's public id.
    """

    encryption: tuple[Key, ...]
    index: tuple[Key, ...]
    link: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    totp: tuple[Key, ...] = ()

    @cached_property
    def second_factor(self) -> Keyring:
        """The ring that seals what authenticator apps share with us, under keys for nothing else."""
        return replace(self, encryption=self.totp)

    @cached_property
    def _ciphers(self) -> dict[int, AESGCM]:
        return {key.id: AESGCM(key.secret) for key in self.encryption}

    def seal(self, column: str, public_id: str, text: str | None) -> bytes | None:
        """Encrypt ``text`` for one cell, e.g. ``("callback_request.name", public_id, "Ana")``; None stays None."""
        if text is None:
            return None
        key_id, nonce = self.encryption[0].id, os.urandom(12)
        bound = f"{column}|{public_id}".encode()
        sealed = self._ciphers[key_id].encrypt(nonce, text.encode(), bound)
        return _FORMAT + key_id.to_bytes(1, "big") + nonce + sealed

    def is_of_newest_key(self, value: bytes) -> bool:
        """Whether a sealed value need not be sealed anew."""
        return value[1] == self.encryption[0].id

    def open(self, column: str, public_id: str, value: bytes | None) -> str | None:
        """Decrypt a cell. SealError if it was tampered with or its key is not on the ring."""
        if value is None:
            return None
        cipher = self._ciphers.get(value[1]) if value[:1] == _FORMAT else None
        if cipher is None:
            raise SealError(f"no key for a value of {column}")
        try:
            return cipher.decrypt(value[2:14], value[14:], f"{column}|{public_id}".encode()).decode()
        except InvalidTag as error:
            raise SealError(f"a value of {column} does not belong to its row") from error

    def index_of(self, kind: str, value: str) -> bytes:
        """The blind index of a value under the newest key: key id ‖ HMAC."""
        return self._index(self.index[0], kind, value)

    def indexes_of(self, kind: str, value: str) -> list[bytes]:
        """The blind index under every live key, for an IN search."""
        return [self._index(key, kind, value) for key in self.index]

    @staticmethod
    def _index(key: Key, kind: str, value: str) -> bytes:
        return key.id.to_bytes(1, "big") + _mac(key.secret, kind.encode(), value.encode())

    def search_tokens(self, words: Iterable[tuple[str, str]]) -> list[int]:
        """64-bit keyed tokens under the newest key for ``(kind, value)`` pairs."""
        return self._tokens(self.index[0], words)

    def search_alternatives(self, kind: str, value: str) -> list[int]:
        """The token of one searched value under every live key."""
        return [token for key in self.index for token in self._tokens(key, [(kind, value)])]

    @staticmethod
    def _tokens(key: Key, words: Iterable[tuple[str, str]]) -> list[int]:
        digests = (_mac(key.secret, b"search", kind.encode(), value.encode()) for kind, value in words)
        return [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]

    def link_token(self, public_id: str, version: int) -> str:
        """The secret part of the private link: never stored, always made again (43 URL-safe letters)."""
        digest = _mac(self.link, public_id.encode(), str(version).encode())
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def invitation_token(self, public_id: str) -> str:
        """The secret part of the link by which a person chooses a password: likewise never stored."""
        return base64.urlsafe_b64encode(_mac(self.link, b"invitation", public_id.encode())).rstrip(b"=").decode()

    def idempotency_key(self, nonce: str, answers: Sequence[str]) -> bytes:
        """The same form sent again gives the same 32 bytes; other answers give others."""
        return _mac(self.link, b"submit", nonce.encode(), *(answer.encode() for answer in answers))

    def text_digest(self, salt: bytes, text: str) -> bytes:
        """What an audit entry keeps of a typed text, so that its redaction later leaves the entry provable."""
        return _mac(self.audit, b"text", salt, text.encode())

    def record_proof(self) -> Proof:
        """What a seal over entries of the record is made with."""
        return Proof(self.audit, b"seal")


def link_hash(token: str) -> bytes:
    """What the row keeps of a private link."""
    return hashlib.sha256(token.encode()).digest()


def name_words(name: str) -> list[tuple[str, str]]:
    """The words of a name by their beginnings of 3–8 letters, folded, each once; shorter words whole."""
    words = _WORD.findall(fold(name))
    found = {word for word in words if len(word) < SHORTEST_PREFIX}
    for word in words:
        found.update(word[:size] for size in range(SHORTEST_PREFIX, min(LONGEST_PREFIX, len(word)) + 1))
    return [("name", word) for word in sorted(found)]


def contact_words(name: str, e164: str, email: str | None) -> list[tuple[str, str]]:
    """Everything one request can be found by."""
    words = [*name_words(name), ("phone", e164), ("last4", e164[-4:])]
    return [*words, ("email", email.casefold())] if email else words
