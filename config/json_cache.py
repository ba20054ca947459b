"""Keeps the cache's values as JSON, so that whoever can write to Redis cannot run code here.

Django's own serializer for Redis unpickles, and to unpickle is to execute.
"""

import json
from typing import Any


class JsonSerializer:
    """What Django's Redis cache asks of a serializer. Whole numbers stay what INCR understands."""

    def dumps(self, value: Any) -> bytes:
        """TypeError for anything JSON cannot say: tuples come back as lists, dates not at all."""
        return json.dumps(value, allow_nan=False).encode()

    def loads(self, data: bytes) -> Any:
        """The value; None for bytes that are no JSON, as if nothing stood there."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None
