"""Webhook deliveries that leave the sandbox: a queue with retries, and a script of what goes wrong.

Simulators put deliveries in, HTTP requests to loopback addresses leave, counts and latencies can be
read at the control door. It knows no provider: what a body or a signature looks like is theirs.
"""

from connectors.sandbox.deliveries.delivery import Delivery, require_loopback
from connectors.sandbox.deliveries.outbox import Outbox

__all__ = ["Delivery", "Outbox", "require_loopback"]
