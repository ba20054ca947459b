"""A log line is one JSON object with the ids at hand and without secrets."""

import json
import logging
from decimal import Decimal
from typing import Any

from config.logs import JsonFormatter
from connectors.core.log_context import log_context


def _line(message: str, *args: object, **attributes: Any) -> dict[str, Any]:
    record = logging.makeLogRecord(
        {"name": "connectors.engine", "levelname": "INFO", "msg": message, "args": args}
        | attributes
    )
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def test_message_level_and_logger_are_there() -> None:
    line = _line("posted %s", "PO-7")
    assert line["message"] == "posted PO-7"
    assert line["level"] == "info"
    assert line["logger"] == "connectors.engine"
    assert line["time"].endswith("+00:00")


def test_the_ids_in_scope_are_there() -> None:
    with log_context(tenant=1, integration=2, run=3, document=4):
        line = _line("posted")
    assert {name: line[name] for name in ("tenant", "integration", "run", "document")} == {
        "tenant": 1,
        "integration": 2,
        "run": 3,
        "document": 4,
    }


def test_extra_values_are_there_in_a_form_json_can_hold() -> None:
    assert _line("posted", total=Decimal("12.30"))["total"] == "12.30"


def test_secrets_are_redacted_in_arguments_extras_and_tracebacks() -> None:
    try:
        raise ValueError("answer was {'access_token': 'tb-secret'}")
    except ValueError as error:
        exc_info = (ValueError, error, error.__traceback__)
    line = _line("sent %s", "Bearer arg-secret", exc_info=exc_info, refresh_token="extra-secret")
    text = json.dumps(line)
    assert "ValueError" in line["exception"]
    for secret in ("arg-secret", "tb-secret", "extra-secret"):
        assert secret not in text


def test_an_object_whose_text_holds_a_secret_is_redacted() -> None:
    class Answer:
        def __str__(self) -> str:
            return "client_secret=object-secret"

    assert "object-secret" not in json.dumps(_line("got", answer=Answer()))
