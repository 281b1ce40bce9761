"""The work engine: again, later, and periodic. What has to be done is ours; when and by whom is procrastinate's."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import procrastinate
import psycopg
import structlog

from pipeline.errand import Lane

log = structlog.get_logger()

STALLED_SECONDS = 30
"""A worker that has not been heard of for so long is dead; its jobs are put back."""


class Engine:
    """One procrastinate app. `wake_lane` and the periodic jobs are what the gateway can do."""

    def __init__(
        self,
        url: str,
        *,
        wake_lane: Callable[[int, Lane], Awaitable[None]],
        periodic: Mapping[str, tuple[str, Callable[[], Awaitable[object]]]],
    ) -> None:
        """`periodic`: name → (cron expression with seconds last, what to do)."""
        connector = procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4, timeout=5.0)
        self.app = procrastinate.App(connector=connector)
        self._wake_lane = wake_lane

        @self.app.task(name="wake_lane")
        async def woken(conversation: int, lane: int) -> None:
            await wake_lane(conversation, Lane(lane))

        for name, (cron, action) in periodic.items():
            self._add(name, cron, action)
        self._add("rescue", "* * * * * */15", self._rescue)

    def _add(self, name: str, cron: str, action: Callable[[], Awaitable[object]]) -> None:
        @self.app.periodic(cron=cron, periodic_id=name)
        @self.app.task(name=name, queueing_lock=name, pass_context=False)
        async def run(timestamp: int) -> None:
            await action()

    async def later(
        self, connection: psycopg.AsyncConnection[Any], conversation: int, lane: Lane, at: datetime
    ) -> None:
        """Put a wake-up into the transaction of `connection`: row and job are committed together."""
        # No lock: a job that is scheduled for later would hold back every later job of its lock.
        task = self.app.configure_task("wake_lane", schedule_at=at, connection=connection)
        await task.defer_async(conversation=conversation, lane=int(lane))

    async def work(self) -> None:
        """Run jobs until cancelled."""
        await self.app.run_worker_async(
            name="gateway",
            concurrency=8,
            install_signal_handlers=False,
            delete_jobs="successful",
            fetch_job_polling_interval=1.0,
            update_heartbeat_interval=5.0,
            stalled_worker_timeout=float(STALLED_SECONDS),
            shutdown_graceful_timeout=5.0,
        )

    async def _rescue(self) -> None:
        """The engine does not take back the jobs of a killed worker by itself."""
        manager = self.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            log.info("job.rescued", kind=job.task_name)
            await manager.retry_job(job)
