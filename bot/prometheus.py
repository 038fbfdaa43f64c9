"""The program's counts in the form that Prometheus reads, on a registry of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.metrics import BUCKETS, OUTBOX, POLLER, Metrics

__all__ = ["CONTENT_TYPE", "Sight", "exposed"]


@dataclass
class Sight:
    """The moment's state, beside what is counted."""

    in_flight: int
    breaker_open: bool
    database_up: bool = False
    due: int = 0
    sending: int = 0
    oldest_due_seconds: float = 0.0
    paused: bool = False


def exposed(metrics: Metrics, sight: Sight) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(metrics, sight))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, metrics: Metrics, sight: Sight) -> None:
        self._metrics, self._sight = metrics, sight

    def collect(self) -> Iterator[Metric]:
        yield from _counted(self._metrics)
        yield _taps(self._metrics)
        for name, (told, value) in _gauges(self._metrics, self._sight).items():
            yield GaugeMetricFamily(f"koolla_{name}", told, value=float(value))


def _counted(metrics: Metrics) -> Iterator[Metric]:
    updates = CounterMetricFamily("koolla_updates", "Updates heard, by Telegram's kind.", labels=["kind"])
    for kind, number in sorted(metrics.updates.items()):
        updates.add_metric([kind], number)
    yield updates
    ended = CounterMetricFamily("koolla_deliveries", "Deliveries that have ended, by state.", labels=["state"])
    for state, number in sorted(metrics.deliveries.items()):
        ended.add_metric([state], number)
    yield ended
    yield CounterMetricFamily("koolla_updates_parked", "Updates put aside after failing.", value=metrics.parked)
    failed = "Answers to people's own taps and words that Telegram did not take."
    yield CounterMetricFamily("koolla_replies_failed", failed, value=metrics.replies_failed)


def _taps(metrics: Metrics) -> Metric:
    told = "Seconds from a tap's arrival to its screen."
    buckets, below = [], 0
    for limit, number in zip([*map(str, BUCKETS), "+Inf"], metrics.taps, strict=True):
        below += number
        buckets.append((limit, float(below)))
    return HistogramMetricFamily("koolla_tap_seconds", told, buckets=buckets, sum_value=metrics.tap_seconds)


def _gauges(metrics: Metrics, sight: Sight) -> dict[str, tuple[str, float]]:
    is_up = sight.database_up and not metrics.troubles
    return {
        "database_up": ("1 while the database answers and can be written.", is_up),
        "breaker_open": ("1 while Telegram cannot be reached.", sight.breaker_open),
        "paused": ("1 while an operator holds messages back.", sight.paused),
        "deliveries_in_flight": ("Messages that this process is sending.", sight.in_flight),
        "deliveries_claimed": ("Messages that any process is sending.", sight.sending),
        "deliveries_due": ("Messages that should have gone out by now.", sight.due),
        "oldest_due_age_seconds": ("For how long the oldest of them has been due.", sight.oldest_due_seconds),
        "poller_silent_seconds": ("Since Telegram was last heard of.", metrics.silent_for(POLLER)),
        "outbox_silent_seconds": ("Since the outbox last worked.", metrics.silent_for(OUTBOX)),
    }
