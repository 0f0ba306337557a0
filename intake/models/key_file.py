"""The file in which a development installation keeps its keys, made once and shared by all its processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_keys(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The keys in ``path`` (mode 0600). A second process waits for the first one's file instead of writing its own.

    A key that is new since the file was made is added to it; those that are there stay as they are.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.parent / f"keys.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(make(), file)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    kept: dict[str, str] = json.loads(path.read_text() or "{}")
    return kept if set(make()) <= set(kept) else _completed(path, make)


def _completed(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        kept: dict[str, str] = {**make(), **json.load(file)}
        file.seek(0)
        json.dump(kept, file)
    return kept
