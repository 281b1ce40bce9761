"""A confirmed draft becomes the one normalized report. Pure: values in, values out."""

from normalizer.report import flagged, normalize

__all__ = ["flagged", "normalize"]
