"""A link as a picture that a telephone's camera reads."""

from io import BytesIO

from handlers.screen import File


def qr_picture(link: str, name: str) -> File:
    """A QR code as PNG, large enough to be read from a wall across a room."""
    import segno

    kept = BytesIO()
    segno.make_qr(link, error="m").save(kept, kind="png", scale=16, border=4)
    return File(f"{name}.png", kept.getvalue(), is_picture=True)
