"""A Procurify tenant on the loopback: the published API over state kept in memory.

Requests and control edits enter, JSON answers of Procurify's shape leave. It imports nothing of the
product, so that a misreading in the client cannot be mirrored here.
"""

from connectors.sandbox.procurify.simulator import Simulator

__all__ = ["Simulator"]
