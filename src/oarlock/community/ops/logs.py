"""Structured logs: event names, types of errors and public ids. Never words of a person."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

#: What a record may carry besides its event; anything else is dropped.
FIELDS = ("error", "target", "case", "count", "seconds", "job", "status", "channel")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Oarlock's own events are constants; what others format may hold a path or a value.
            "event": record.msg if record.name.startswith("oarlock") else record.name,
        }
        for name in FIELDS:
            if (value := getattr(record, name, None)) is not None:
                line[name] = value
        if isinstance(code := getattr(record, "status_code", None), int):
            line["status"] = code
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                line["where"] = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        return json.dumps(line, default=str)
