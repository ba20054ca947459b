"""A Zoho Books organisation, its accounts servers in eight regions, and its API, on the loopback.

Behaves as Zoho's published documents and recorded answers say; what neither settles is an option.
State to load (every record may leave out what Zoho itself would fill in)::

    {"region": "us",
     "clients": [{"client_id", "client_secret", "redirect_uris": [...] or ["*"],
                  "region": where it is registered (default: region above)}],
     "users": [{"user_id", "name", "email"}],
     "organizations": [{"organization_id", "name", "time_zone", "currency_code", "plan_name", ...}],
     "currencies": [{"currency_id", "currency_code", "price_precision", "exchange_rate"}],
     "chartofaccounts": [{"account_id", "account_name", "account_code", "account_type"}],
     "taxes": [{"tax_id", "tax_name", "tax_percentage"}],
     "contacts": [{"contact_id", "contact_name", "contact_type": "vendor", "status", ...}],
     "projects": [{"project_id", "project_name", "customer_id" (a contact of type customer; seeds
                   may leave it out), "status": "active"}],
     "items": [{"item_id", "name", "sku", "purchase_account_id"}],
     "reportingtags": [{"tag_id", "tag_name", "options": [{"option_id", "option_name"}]}],
     "locations": [{"location_id", "location_name"}],
     "purchaseorders": [...], "bills": [...], "vendorpayments": [...],   # as the API takes them,
                       # plus optional id, status, created_time, last_modified_time
     "transactionlocks": {"purchase": "2026-06-30"},
     "custom_fields": {"purchaseorder": [{"customfield_id", "api_name", "label", "is_unique"}],
                       "item": [...]}}    # those of an order's lines

An order's line may carry ``project_id``, ``item_id``, ``tags: [{"tag_id", "tag_option_id"}]`` and
``item_custom_fields: [{"api_name", "value"}]``. People edit orders through the control door with
whole ``line_items``, or with ``add_lines: [line]``, ``change_lines: {line_item_id: changes}`` and
``remove_lines: [line_item_id]``; ``status`` as they please. Workflow webhooks are explained in
``workflows``.

Collections belong to the first organization, or stand inside an organization's own entry.
"""

from connectors.sandbox.zoho_books.simulator import Simulator

__all__ = ["Simulator"]
