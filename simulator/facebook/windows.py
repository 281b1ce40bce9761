"""Who may be written to, and when (facebook: windows, tags, utility messages)."""

from typing import Any

from simulator.config import FacebookConfig
from simulator.facebook.errors import GraphError, bad, known
from simulator.facebook.threads import Threads
from simulator.world import Phone, World

STANDARD = 24 * 3600.0
HUMAN = 7 * 86_400.0
TYPES = frozenset({"RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"})


class Windows:
    def __init__(self, config: FacebookConfig, world: World, threads: Threads) -> None:
        self._config, self._world, self._threads = config, world, threads

    def is_open(self, phone: Phone) -> bool:
        now = self._world.clock.now()
        since = now - (phone.last_interaction or 0.0)
        return since < STANDARD or (phone.last_interaction is not None and now < self._threads.of(phone).open_until)

    def check(self, phone: Phone, messaging_type: Any, tag: Any) -> None:
        """Raises GraphError when a message of this type may not go to this person now."""
        if phone.blocked:
            raise known(551)
        if messaging_type not in TYPES:
            raise bad("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}")
        if messaging_type == "UTILITY":
            if not self._config.utility_templates:
                raise GraphError(200, "(#200) Requires page_utility_messaging permission", status=403)
            return
        if messaging_type == "MESSAGE_TAG":
            self._tagged(phone, tag)
        elif not self.is_open(phone):
            raise known(10)

    def _tagged(self, phone: Phone, tag: Any) -> None:
        """One tag is left; the retired ones and unknown ones are simply an invalid parameter."""
        if tag != "HUMAN_AGENT" or self.is_open(phone):
            raise known(100)
        if not self._config.human_agent:
            raise GraphError(10, "(#10) To use 'Human Agent', your use must be reviewed and approved by Facebook.")
        if phone.last_interaction is None or self._world.clock.now() - phone.last_interaction >= HUMAN:
            raise known(10)
