"""The core case store as the gateway sees it."""

from backend_client.form import Upload
from backend_client.settings import StoreSettings
from backend_client.store import GeoReportStore
from backend_client.values import Discovery, Endpoint, Found, Service, Submission, Update, to_event

__all__ = [
    "Discovery",
    "Endpoint",
    "Found",
    "GeoReportStore",
    "Service",
    "StoreSettings",
    "Submission",
    "Update",
    "Upload",
    "to_event",
]
