"""A confirmed draft becomes the one normalized report. Pure: values in, values out."""

from normalizer.report import normalize

__all__ = ["normalize"]
