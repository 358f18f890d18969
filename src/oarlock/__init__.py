"""Measures motivational interviewing in what peers write to each other online."""

from __future__ import annotations

import os

# ONNX Runtime would otherwise write a device id and send usage data to its maker: nothing that
# Oarlock does may leave the machine. Has to be set before its first import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
