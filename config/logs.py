"""Turns log records into one JSON object per line, with the ids of the work at hand.

Takes what any library logs; leaves text in which secrets are redacted, whoever wrote them.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from connectors.core.log_context import current
from connectors.core.redaction import redact

# What every LogRecord carries. Whatever else is on one came in through `extra` and is kept.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, then the ids in scope, then what the caller added."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; values JSON cannot hold become their text."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **current(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(redact(line), default=lambda value: redact(str(value)))
