"""``python -m tests.gallery``: writes gallery-output/index.html and prints its path."""

import asyncio
import logging
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import structlog

from handlers.texts import LANGUAGES
from tests.gallery.camera import Place, Shot
from tests.gallery.page import page
from tests.gallery.story import played

OUTPUT = Path("gallery-output") / "index.html"


def play(language: str) -> tuple[dict[Place, Shot], set[str]]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return asyncio.run(played(language))


def main() -> None:
    with ProcessPoolExecutor() as processes:
        albums = dict(zip(LANGUAGES, processes.map(play, LANGUAGES), strict=True))
    keys_used = set.union(*(keys for _, keys in albums.values()))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(page({language: shots for language, (shots, _) in albums.items()}, keys_used), encoding="utf-8")
    print(OUTPUT.resolve())


if __name__ == "__main__":
    main()
