"""Sealing answers: AES-256-GCM with one key per run or pool, in a folder outside the database and its backups.

Destroying a key file makes the answers sealed with it unreadable in every copy of the database.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import Refused
from models.shredding import discard, shred

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32
FILE_BYTES = 4_096
"""A key file begins with the key and fills a disk block. Content of a few bytes could be stored beside the file's
metadata, and so be copied into the journal of the file system, where overwriting the file does not reach it."""
NAME_LENGTH = 24


def new_key_name(kind: str) -> str:
    """A name for a new key that no key had before. ``kind`` is ``run`` or ``pool``.

    It is not the id of the run or pool: after a restored backup another run can get the same id, and would find the
    key of the first one.
    """
    return f"{kind}-{secrets.token_hex(8)}"


def encoded(content: dict[str, Any]) -> bytes:
    """Content as it is encrypted, without the padding."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def size_of(blob: bytes) -> int:
    """The size to which a blob's content was padded."""
    return len(blob) - NONCE_BYTES - TAG_BYTES


class Keyring:
    """The keys in a folder, one file per key. `new_key_name` names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, name: str) -> None:
        """Creates a key if there is none. It is written to disk before this returns."""
        path = self.path(name)
        if path.exists():
            return
        draft = self.folder / f".{name}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(AESGCM.generate_key(256).ljust(FILE_BYTES, b"\0"))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails if another process was first: its key is used
        except FileExistsError:
            pass
        finally:
            discard(draft)

    def destroy(self, name: str) -> None:
        """Overwrites and deletes a key; returns when that is on the disk. Does nothing if there is none."""
        shred(self.path(name))

    def has(self, name: str) -> bool:
        return self.path(name).exists()

    def names(self) -> list[str]:
        """The sorted names of the keys in the folder."""
        return sorted(path.stem for path in self.folder.glob("*.key"))

    def seal(self, name: str, content: dict[str, Any], *, size: int) -> bytes:
        """Encrypts content, padded to ``size`` bytes so that its length reveals nothing, and bound to the key's name.

        Raises Refused if the content is longer than ``size`` or the key is missing.
        """
        plain = encoded(content)
        if len(plain) > size:
            raise Refused("answers-too-long")
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._key(name)).encrypt(nonce, plain.ljust(size), name.encode())

    def open(self, name: str, blob: bytes) -> dict[str, Any]:
        """Decrypts content. Raises Refused if the key is missing or is another one."""
        try:
            plain = AESGCM(self._key(name)).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):  # another key, or a damaged key file
            raise Refused("answers-key-missing") from None
        content: dict[str, Any] = json.loads(plain)
        return content

    def opens(self, name: str, blob: bytes) -> bool:
        """Whether the key exists and is the one with which this was sealed."""
        try:
            self.open(name, blob)
        except Refused:
            return False
        return True

    def path(self, name: str) -> Path:
        """The file of a key, whether it exists or not."""
        return self.folder / f"{name}.key"

    def _key(self, name: str) -> bytes:
        try:
            return self.path(name).read_bytes()[:KEY_BYTES]
        except FileNotFoundError:
            raise Refused("answers-key-missing") from None
