"""Facebook as one object: the Page, what is said below its posts, its inbox, the API and the webhook."""

from simulator.config import SimulatorConfig
from simulator.facebook.api import FacebookApi
from simulator.facebook.control import FacebookControl
from simulator.facebook.feed import Feed
from simulator.facebook.inbox import Inbox
from simulator.facebook.page import Page
from simulator.facebook.webhook import Webhook
from simulator.faults import FaultPlan
from simulator.outgoing import Outgoing
from simulator.world import World


class Facebook:
    def __init__(self, config: SimulatorConfig, world: World, faults: FaultPlan, out: Outgoing) -> None:
        self.webhook = Webhook(config.facebook, world, faults, out, retry_speed=config.retry_speed)
        self.page = Page(config, world, self.webhook)
        self.feed = Feed(config.facebook, self.page)
        self.inbox = Inbox(self.page)
        self.api = FacebookApi(self.page, self.feed, self.inbox, faults)
        self.control = FacebookControl(self.page, self.feed, self.inbox, self.api, out)
