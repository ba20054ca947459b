"""A Procurify tenant on the loopback: the published API over state kept in memory.

Requests and control edits enter, JSON answers of Procurify's shape leave. It imports nothing of the
product, so that a misreading in the client cannot be mirrored here. What the published documents
leave open is a switch; each is an option of the sandbox with the prefix ``procurify_``::

    page_size, max_page_size    10 and 100
    order, seed                 lists are descending (default), ascending or shuffled
    foreign_next                ``next`` links name another host
    deny                        resources without permission, such as ["bills"]
    suspended, deactivated      403 on every call; deactivated refuses tokens too
    rate_per_minute, retry_after    429 above it, with (default) or without Retry-After
    token_lifetime              seconds, a day by default
    require_client_header       403 without X-Procurify-Client: api
    old_versions_gone           superseded versions of a bill are 404

``POST /control/call/procurify/{name}``: expire_tokens, revoke_grants, suspend, resume. People's
edits: purchase orders take ``action`` revise (default), cancel, close, reopen; bills take edit
(default), fix, approve, deny, pay, withdraw.
"""

from connectors.sandbox.procurify.simulator import Simulator

__all__ = ["Simulator"]
