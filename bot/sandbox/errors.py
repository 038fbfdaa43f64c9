"""What the sandbox answers when it refuses, in Telegram's own words."""


class ApiError(Exception):
    """An answer with ``ok: false``; ``parameters`` is Telegram's ResponseParameters."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(text: str, **parameters: int) -> ApiError:
    return ApiError(400, f"Bad Request: {_begun(text)}", **parameters)


def forbidden(text: str) -> ApiError:
    return ApiError(403, f"Forbidden: {_begun(text)}")


def too_many_requests(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _begun(text: str) -> str:
    """With a small first letter, unless it is a code like MESSAGE_TOO_LONG: as telegram-bot-api joins its texts."""
    return text if text[1:2] == "_" or text[1:2].isupper() else text[:1].lower() + text[1:]
