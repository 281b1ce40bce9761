"""The reference case store: a stand-in for the province's own system. GeoReport v2 outside, its own database inside."""

from case_store.app import create_app, serve
from case_store.settings import CaseStoreSettings, Faults

__all__ = ["CaseStoreSettings", "Faults", "create_app", "serve"]
