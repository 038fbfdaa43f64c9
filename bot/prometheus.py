"""The program's metrics in the Prometheus text format."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.metrics import BUCKETS, OUTBOX, POLLER, Metrics

__all__ = ["CONTENT_TYPE", "Gauges", "render"]


@dataclass
class Gauges:
    """The state at one moment, beside the counters in `Metrics`."""

    in_flight: int
    breaker_open: bool
    database_up: bool = False
    due: int = 0
    sending: int = 0
    oldest_due_seconds: float = 0.0
    paused: bool = False


def render(metrics: Metrics, gauges: Gauges) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics, gauges))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, metrics: Metrics, gauges: Gauges) -> None:
        self._metrics, self._gauges = metrics, gauges

    def collect(self) -> Iterator[Metric]:
        yield from _counters(self._metrics)
        yield _tap_histogram(self._metrics)
        for name, (help_text, value) in _gauges(self._metrics, self._gauges).items():
            yield GaugeMetricFamily(f"koolla_{name}", help_text, value=float(value))


def _counters(metrics: Metrics) -> Iterator[Metric]:
    updates = CounterMetricFamily(
        "koolla_updates", "Updates, by Telegram's kind, without answers to forms.", labels=["kind"]
    )
    for kind, count in sorted(metrics.updates.items()):
        updates.add_metric([kind], count)
    yield updates
    forms = "Updates that answered forms, without those of today."
    yield CounterMetricFamily("koolla_form_updates", forms, value=metrics.form_updates)
    ended = CounterMetricFamily("koolla_deliveries", "Deliveries that have ended, by state.", labels=["state"])
    for state, count in sorted(metrics.deliveries.items()):
        ended.add_metric([state], count)
    yield ended
    yield CounterMetricFamily("koolla_updates_parked", "Updates put aside after failing.", value=metrics.parked)
    failed = "Answers to people's own taps and words that Telegram did not take."
    yield CounterMetricFamily("koolla_replies_failed", failed, value=metrics.replies_failed)


def _tap_histogram(metrics: Metrics) -> Metric:
    help_text = "Seconds from a tap's arrival to its screen."
    buckets, cumulative = [], 0
    for limit, count in zip([*map(str, BUCKETS), "+Inf"], metrics.taps, strict=True):
        cumulative += count
        buckets.append((limit, float(cumulative)))
    return HistogramMetricFamily("koolla_tap_seconds", help_text, buckets=buckets, sum_value=metrics.tap_seconds)


def _gauges(metrics: Metrics, gauges: Gauges) -> dict[str, tuple[str, float]]:
    is_up = gauges.database_up and not metrics.database_errors
    return {
        "database_up": ("1 while the database answers and can be written.", is_up),
        "breaker_open": ("1 while Telegram cannot be reached.", gauges.breaker_open),
        "paused": ("1 while an operator holds messages back.", gauges.paused),
        "deliveries_in_flight": ("Messages that this process is sending.", gauges.in_flight),
        "deliveries_claimed": ("Messages that any process is sending.", gauges.sending),
        "deliveries_due": ("Messages that should have gone out by now.", gauges.due),
        "oldest_due_age_seconds": ("For how long the oldest of them has been due.", gauges.oldest_due_seconds),
        "poller_silent_seconds": ("Since Telegram was last heard of.", metrics.silent_for(POLLER)),
        "outbox_silent_seconds": ("Since the outbox last worked.", metrics.silent_for(OUTBOX)),
    }
