"""The bookkeeping of the measurements, with a few taps. No speed is asserted."""

import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.bench import digest, seed
from tests.bench.stand import BENCH_PYTHON, PEERS, TOKEN, Line, Telegram, subject, telegram, until_sent

NEEDS_ITS_OWN = pytest.mark.skipif(not BENCH_PYTHON.exists(), reason="make bench has not made its environment yet")
SUBJECTS = [
    pytest.param(name, marks=NEEDS_ITS_OWN if python == str(BENCH_PYTHON) else ())
    for name, (python, *_) in PEERS.items()
    if name != "bare"
]


def ask(server: Telegram, method: str, **fields: object) -> Any:
    """One call of the Bot API."""
    body = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(f"{server.address}/bot{TOKEN}/{method}", body, timeout=10) as answer:
            return json.load(answer)["result"]
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_tap_is_stored_answered_and_shown(tmp_path: Path, name: str) -> None:
    cards = seed.called(tmp_path / "koolla.db", people=5, meetings=2)
    taps = seed.taps([*cards[0], *cards[1]])
    with telegram() as server, subject(name, tmp_path, server.address) as process:
        server.load(taps)
        report = server.served(process)
    assert (report["taps"], report["done"], len(report["seconds"])) == (10, 10, 10)
    assert report["calls"]["answerCallbackQuery"] == report["calls"]["editMessageCaption"] == 10
    assert seed.wrong(tmp_path / "koolla.db", taps) == 0
    assert seed.wrong(tmp_path / "koolla.db", seed.taps(cards[0], answers=("on_site",))) == 5


def test_a_broadcast_is_counted(tmp_path: Path) -> None:
    seed.broadcast(tmp_path / "koolla.db", people=6)
    with telegram(per_second=30) as server, subject("koolla", tmp_path, server.address) as process:
        report = until_sent(server, process, 6, within=30)
    assert (report["calls"]["sendDocument"], report["refused"]) == (6, 0)


def test_updates_stay_until_they_are_confirmed(tmp_path: Path) -> None:
    (cards,) = seed.called(tmp_path / "koolla.db", people=3, meetings=1)
    with telegram() as server:
        server.load(seed.taps(cards))
        assert [update["update_id"] for update in ask(server, "getUpdates", limit=2)] == [1, 2]
        assert [update["update_id"] for update in ask(server, "getUpdates")] == [1, 2, 3]
        assert [update["update_id"] for update in ask(server, "getUpdates", offset=3)] == [3]
        assert ask(server, "getUpdates", offset=4) == []
        assert server.report()["pending"] == 0


def test_sends_beyond_the_rate_are_refused_and_counted() -> None:
    with telegram(per_second=1) as server:
        answers = [ask(server, "sendMessage", chat_id=1, text="x") for _ in range(12)]
        report = server.report()
    assert report["sent"] + report["refused"] == 12
    assert report["strictest"] == 1
    refusals = [answer["parameters"] for answer in answers if "parameters" in answer]
    assert refusals == [{"retry_after": 1}] * report["refused"]


async def test_a_history_has_what_the_digest_counts(tmp_path: Path) -> None:
    engine = digest.db.make_engine(f"sqlite+aiosqlite:///{tmp_path / 'koolla.db'}")
    assert await digest.filled(engine, 2 * digest.history.ANSWERS_A_MONTH) > 30_000
    assert await digest.planned(engine) > 0
    assert await digest.planned(engine) > 0  # rolled back, so that it can be planned again
    await engine.dispose()


def test_a_line_shows_median_and_spread() -> None:
    line = str(Line("what", (3.0, 1.0, 2.0), "x", ">= 2"))
    assert line.split() == ["what", "2", "x", "1", "-", "3", ">=", "2"]
