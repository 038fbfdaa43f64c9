"""``python -m tests.gallery``: writes gallery-output/index.html and says where it is."""

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
        shown = dict(zip(LANGUAGES, processes.map(play, LANGUAGES), strict=True))
    said = set.union(*(keys for _, keys in shown.values()))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(page({language: shots for language, (shots, _) in shown.items()}, said), encoding="utf-8")
    print(OUTPUT.resolve())


if __name__ == "__main__":
    main()
