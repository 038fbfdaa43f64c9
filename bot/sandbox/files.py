"""Files that the bot or people sent, by file_id, and how the Bot API describes them."""

import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

MEGABYTE = 1024 * 1024
UPLOAD_LIMIT = 50 * MEGABYTE
PHOTO_LIMIT = 10 * MEGABYTE
DOWNLOAD_LIMIT = 20 * MEGABYTE


@dataclass(frozen=True)
class File:
    """A file. ``size`` is the size in bytes that Telegram reports: a test may claim another, or (-1) none."""

    file_id: str
    file_name: str
    content: bytes
    mime_type: str
    width: int = 0
    height: int = 0
    claimed_size: int | None = None

    @property
    def bytes(self) -> bytes:
        return self.content

    @property
    def size(self) -> int:
        return len(self.content) if self.claimed_size is None else self.claimed_size

    @property
    def reported_size(self) -> dict[str, int]:
        """The optional field ``file_size``."""
        return {"file_size": self.size} if self.size >= 0 else {}

    @property
    def unique_id(self) -> str:
        return sha256(self.content).hexdigest()[:16]

    @property
    def path(self) -> str:
        return f"documents/{self.file_id}/{self.file_name}"

    def as_document(self) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_name": self.file_name,
            "mime_type": self.mime_type,
            **self.reported_size,
        }

    def as_photo_sizes(self) -> list[dict[str, Any]]:
        size = {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size}
        return [{**size, "width": self.width, "height": self.height}]


class Files:
    """All files that were sent in this sandbox."""

    def __init__(self) -> None:
        self._by_id: dict[str, File] = {}

    def add(self, name: str, content: bytes, mime_type: str, *, claimed_size: int | None = None) -> File:
        width, height = picture_size(content) or (0, 0)
        file_id = f"file-{len(self._by_id) + 1}-{sha256(content).hexdigest()[:12]}"
        file = File(file_id, name, content, mime_type, width, height, claimed_size)
        self._by_id[file.file_id] = file
        return file

    def find(self, file_id: str) -> File | None:
        return self._by_id.get(file_id)

    def by_path(self, path: str) -> File | None:
        return next((file for file in self._by_id.values() if file.path == path), None)


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG or GIF; None for anything else, which Telegram would not take as a photo."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= 10:
        return struct.unpack("<HH", content[6:10])
    return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
