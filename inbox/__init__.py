"""The staff page: where a handoff goes. Server-rendered Vietnamese HTML that works without JavaScript."""

from inbox.app import create_app
from inbox.desk import Desk

__all__ = ["Desk", "create_app"]
