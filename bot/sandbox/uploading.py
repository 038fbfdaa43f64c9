"""The files of a request: uploaded with it, or known by file_id."""

from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.files import PHOTO_LIMIT, UPLOAD_LIMIT, File
from bot.sandbox.requests import Request
from bot.sandbox.world import World


def read_file(world: World, request: Request, value: str | None, kind: str) -> File:
    """The file meant by ``value``: uploaded under the parameter's own name, attached, or known by its file_id."""
    name = (value or kind).removeprefix("attach://")
    upload = request.uploads.get(name)
    if upload is None:
        return _known(world, value or "")
    if len(upload.content) > UPLOAD_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    if not upload.content:
        raise bad_request("file must be non-empty")
    size = len(upload.content)
    if kind == "photo" and size > PHOTO_LIMIT:
        raise bad_request(f"file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes")
    file = world.files.add(upload.name, upload.content, upload.mime_type)
    if kind == "photo":
        _check_picture(file)
    return file


def _known(world: World, value: str) -> File:
    if value.startswith("attach://"):
        raise bad_request("can't parse InputMedia: media not found")
    if value.startswith(("http://", "https://")):
        # There is no internet in the sandbox.
        raise bad_request("failed to get HTTP URL content")
    file = world.files.find(value)
    if file is None:
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return file


def _check_picture(file: File) -> None:
    if not file.width or not file.height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    longest, shortest = max(file.width, file.height), min(file.width, file.height)
    if file.width + file.height > 10_000 or longest > 20 * shortest:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
