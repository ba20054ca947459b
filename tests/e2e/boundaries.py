"""What a worker asks of the simulators while it syncs, and so where it may be struck.

Kinds of requests by flow, each with a name of its own and told apart from outside: by provider,
method, address and body. Knows nothing of the service.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """One kind of request."""

    provider: str
    method: str
    path: str
    body: str = ""

    @property
    def match(self) -> dict[str, Any]:
        """As the sandbox's gates take it."""
        found = {"provider": self.provider, "method": self.method, "path_regex": self.path}
        return found | ({"body_regex": self.body} if self.body else {})


def _sync(first_row: str, more: str = "") -> Asked:
    """A call for many commitments, by what its first row says; ``more`` by what follows it."""
    rows = rf'"updates":\[\{{{first_row}\}}{more}'
    return Asked("procore", "PATCH", r"/purchase_order_contracts/sync", rows)


# A row is flat; a number stands only in that of a new commitment, which names no status.
_CONTENT = r'(?![^{}]*"status":)'
_NEW = _CONTENT + r'[^{}]*"number":[^{}]*'
_ONE_ROW, _MORE_ROWS = r"\]", r",\{"
_CONTRACT = r"/purchase_order_contracts/\d+"
_LINES = rf"{_CONTRACT}/line_items"

PROCURIFY_TO_ZOHO_BOOKS = {
    "create an order": Asked("zoho_books", "POST", r"/purchaseorders(\?|$)"),
    "set an order's status": Asked("zoho_books", "POST", r"/purchaseorders/\d+/status/"),
    "update an order": Asked("zoho_books", "PUT", r"/purchaseorders/\d+"),
    "create a bill": Asked("zoho_books", "POST", r"/bills(\?|$)"),
    "update a bill": Asked("zoho_books", "PUT", r"/bills/\d+"),
    "look up an order": Asked("zoho_books", "GET", r"/purchaseorders\?"),
    "read a source list": Asked("procurify", "GET", r"/(order-items|ap/bills)/\?"),
    "read a source record": Asked("procurify", "GET", r"/(purchase_orders|ap/bills)/\d+/"),
}
ZOHO_BOOKS_TO_PROCORE = {
    "make a hook": Asked("procore", "POST", r"/webhooks/hooks\?"),
    "make its triggers": Asked("procore", "POST", r"/webhooks/hooks/\d+/triggers/bulk"),
    "list the orders": Asked("zoho_books", "GET", r"/purchaseorders\?"),
    "read an order": Asked("zoho_books", "GET", r"/purchaseorders/\d+"),
    "add a vendor to a project": Asked("procore", "POST", r"/vendors/\d+/actions/add"),
    "look up by origin id": Asked("procore", "GET", r"/purchase_order_contracts\?.*origin_id"),
    "create a commitment": _sync(_NEW, _ONE_ROW),
    "create several at once": _sync(_NEW, _MORE_ROWS),
    "write its lines": Asked("procore", "PATCH", rf"{_LINES}/sync", r'"origin_id".*"origin_id"'),
    "approve a commitment": _sync('[^{}]*"status":"Approved"', _ONE_ROW),
    "approve several at once": _sync('[^{}]*"status":"Approved"', _MORE_ROWS),
    # Of what is there already.
    "read a commitment": Asked("procore", "GET", rf"{_CONTRACT}\?"),
    "list its lines": Asked("procore", "GET", rf"{_LINES}\?"),
    "open it again": _sync('"origin_id":"[^"]*","status":"Draft"'),
    "change its head": _sync(_CONTENT + r'(?![^{}]*"number":)[^{}]*'),
    "delete a line": Asked("procore", "DELETE", rf"{_LINES}/\d+"),
    "close it": _sync('[^{}]*"status":"Closed"'),
    "delete it": Asked("procore", "DELETE", rf"{_CONTRACT}\?"),
}
REQUESTS: Mapping[str, Mapping[str, Asked]] = {
    "procurify_to_zoho_books": PROCURIFY_TO_ZOHO_BOOKS,
    "zoho_books_to_procore": ZOHO_BOOKS_TO_PROCORE,
}
