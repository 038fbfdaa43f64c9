"""Sealing answers: AES-256-GCM under a key per run or pool, kept in a folder outside the database and its backups.

When the key file is gone, so are the answers sealed with it, in every copy of the database ever made.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import Refused

NONCE = 12


class Keyring:
    """The key folder. Names are like ``run-12`` and ``pool-3``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, name: str) -> None:
        """Makes a key unless there is one; it is on disk before anything is sealed with it."""
        path = self._path(name)
        if path.exists():
            return
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(AESGCM.generate_key(256))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails if another process was first: then its key stands
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def destroy(self, name: str) -> None:
        """Overwrites and removes a key; harmless if it is gone."""
        path = self._path(name)
        if path.exists():
            path.write_bytes(secrets.token_bytes(32))
            path.unlink(missing_ok=True)

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def names(self) -> list[str]:
        """The keys in the folder."""
        return sorted(path.stem for path in self._folder.glob("*.key"))

    def seal(self, name: str, content: dict[str, Any], *, size: int) -> bytes:
        """Encrypts an answer, bound to the name of its key, padded to ``size`` bytes: its length tells nothing."""
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        if len(plain) > size:
            raise Refused("answers-too-long")
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._key(name)).encrypt(nonce, plain.ljust(size), name.encode())

    def open(self, name: str, blob: bytes) -> dict[str, Any]:
        """Decrypts; refuses if the key is missing or not the one."""
        try:
            plain = AESGCM(self._key(name)).decrypt(blob[:NONCE], blob[NONCE:], name.encode())
        except (InvalidTag, ValueError):  # another key, or a file that is none
            raise Refused("answers-key-missing") from None
        content: dict[str, Any] = json.loads(plain)
        return content

    def opens(self, name: str, blob: bytes) -> bool:
        """Whether the key is there and is the one with which this was sealed."""
        try:
            self.open(name, blob)
        except Refused:
            return False
        return True

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _key(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise Refused("answers-key-missing") from None
