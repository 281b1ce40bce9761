"""Reads what a citizen typed. Pure: the same message, profile and instant give the same `Reading`.

It understands and decides nothing: what to answer is the business of `dialog.step`.
"""

from dialog.reading.model import Reading
from dialog.reading.reader import read
from dialog.reading.render import to_json

__all__ = ["Reading", "read", "to_json"]
