"""Figures for Prometheus, read from counters that are kept anyway."""

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.wiring import House


async def render(house: House) -> bytes:
    """The text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Snapshot([*_counters(house), *await _gauges(house)]))
    return generate_latest(registry)


class _Snapshot:
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def _counters(house: House) -> list[Metric]:
    gateway = house.gateway
    deliveries = CounterMetricFamily(
        "tiepnhan_deliveries", "What became of deliveries since the start", labels=["channel", "became"]
    )
    for (channel, became), count in gateway.reception.counts.items():
        deliveries.add_metric([channel, became], count)
    errands = CounterMetricFamily("tiepnhan_errands", "How errands ended since the start", labels=["kind", "status"])
    for (kind, status), count in gateway.lanes.outcomes.items():
        errands.add_metric([kind, status], count)
    groups = CounterMetricFamily("tiepnhan_groups", "Committed groups since the start", value=gateway.writer.groups)
    messages = CounterMetricFamily("tiepnhan_events", "Events in those groups", value=gateway.writer.messages)
    return [deliveries, errands, groups, messages]


async def _gauges(house: House) -> list[Metric]:
    gateway = house.gateway
    waiting = GaugeMetricFamily(
        "tiepnhan_errands_in_hand", "Errands this process works on", value=gateway.lanes.waiting
    )
    spooled = GaugeMetricFamily("tiepnhan_spooled", "Deliveries waiting for the database", value=gateway.spool.size)
    open_errands = GaugeMetricFamily("tiepnhan_errands_state", "Errands by state", labels=["status"])
    conversations = GaugeMetricFamily("tiepnhan_conversations_waiting", "Conversations waiting for a person")
    try:
        async with gateway.pool.connection(timeout=2) as connection:
            found = await connection.execute(
                "select status, count(*) from errands where status in ('open', 'unknown', 'refused', 'failed')"
                " group by status"
            )
            for status, count in await found.fetchall():
                open_errands.add_metric([status], count)
            found = await connection.execute("select count(*) from conversations where waiting_since is not null")
            row = await found.fetchone()
            conversations.add_metric([], row[0] if row else 0)
    except psycopg.Error:
        # The figures that need no database are the ones wanted when it is away.
        return [waiting, spooled]
    return [waiting, spooled, open_errands, conversations]
