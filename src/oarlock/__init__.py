"""Measures motivational interviewing in what peers write to each other online."""

from __future__ import annotations

__version__ = "0.1.0"
