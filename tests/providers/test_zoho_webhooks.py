"""What Zoho's webhooks must prove before they are read."""

import json

import pytest

from connectors.providers.zoho_books.webhooks import SIGNATURE_HEADER, read, signature
from connectors.transport.webhooks import Delivery, RefusedDeliveryError

BODY = json.dumps({"purchaseorder": {"purchaseorder_id": "460000000098765"}}).encode()


def delivery(**headers: str) -> Delivery:
    return Delivery(body=BODY, content_type="application/json", headers=headers, query=())


@pytest.mark.parametrize("headers", [{}, {SIGNATURE_HEADER: signature([], BODY, "")}])
def test_without_a_secret_nothing_is_read(headers: dict[str, str]) -> None:
    with pytest.raises(RefusedDeliveryError, match="has no secret"):
        read(delivery(**headers), "", {})


def test_a_signed_delivery_is_read() -> None:
    (hint,) = read(delivery(**{SIGNATURE_HEADER: signature([], BODY, "s")}), "s", {})
    assert hint.key == "460000000098765"


def test_an_unsigned_delivery_is_refused() -> None:
    with pytest.raises(RefusedDeliveryError, match="signature is missing"):
        read(delivery(), "s", {})
