"""A Procore login host and API (v1.0, v1.1) with one company's commitments, on the loopback.

Behaves as Procore's published documents and the field's observations say; what neither settles is
an option of the sandbox with the prefix ``procore_``, explained in the module it belongs to:

    api         missing_company_status, unpermitted_status, companies_need_header, latency,
                suspended
    errors      error_shape ("rotate" goes through all shapes)
    limits      hourly (3600), spike (25 in 10 seconds), 0 for none; retry_after
    oauth       token_lifetime, token_unit, disconnected
    filters     origin_lists
    sync        oversized_sync, deleted_origins
    contracts   edit_approved, vendor_must_be_in_project, approve_without_vendor, unique_numbers,
                accounting_method_locked, currency_shape
    lines       inactive_codes, unit_cost_decimals, extended_type, line_sync_prunes
    wbs         extra_segments, delimiter, item_ids
    workflows   workflow, workflow_list
    budgets     auto_budget_lines
    vendors     vendor_already, vendors_include_inactive, inactive_hidden
    events      twin_events

``POST /control/call/procore/{name}``: expire_tokens, revoke_grants, suspend, resume, drop_hooks,
permit, invoice. The form of the state to load stands in ``state``.
"""

from connectors.sandbox.procore.simulator import Simulator

__all__ = ["Simulator"]
