"""A Procore login host and API (v1.0, v1.1) with one company's commitments, on the loopback.

Behaves as Procore's published documents and the field's observations say; what neither settles is
an option of the sandbox with the prefix ``procore_``, explained in the module it belongs to:

    api         missing_company_status, unpermitted_status, companies_need_header, latency,
                suspended
    errors      error_shape ("rotate" goes through all shapes)
    limits      hourly (3600), spike (25 in 10 seconds), 0 for none; retry_after
    oauth       token_lifetime, disconnected
    sync        oversized_sync, deleted_origins
    contracts   edit_approved, vendor_must_be_in_project, approve_without_vendor, unique_numbers,
                accounting_method_locked
    lines       inactive_codes
    budgets     auto_budget_lines
    vendors     vendor_already, vendors_include_inactive
    events      twin_events

``POST /control/call/procore/{name}``: expire_tokens, revoke_grants, suspend, resume, drop_hooks,
permit, invoice. The form of the state to load stands in ``state``.
"""

from connectors.sandbox.procore.simulator import Simulator

__all__ = ["Simulator"]
