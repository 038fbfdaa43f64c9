"""The errors that the sandbox answers, with Telegram's descriptions."""


class ApiError(Exception):
    """An answer with ``ok: false``; ``parameters`` is Telegram's ResponseParameters."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(text: str, **parameters: int) -> ApiError:
    return ApiError(400, f"Bad Request: {_lower_first(text)}", **parameters)


def forbidden(text: str) -> ApiError:
    return ApiError(403, f"Forbidden: {_lower_first(text)}")


def too_many_requests(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _lower_first(text: str) -> str:
    """Lowers the first letter as telegram-bot-api does, except in codes such as MESSAGE_TOO_LONG."""
    return text if text[1:2] == "_" or text[1:2].isupper() else text[:1].lower() + text[1:]
