"""Projects as Zoho Books reports them, from details and from answers to writes alike.

Zoho's JSON enters, a target state leaves. Its content repeats the fields that can be written, in
the spelling of request bodies, so that what was sent and what stands there can be compared.
"""

from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState
from connectors.providers.zoho_books.records.reference import modified_text

_CONTENT = ("project_name", "description", "customer_id", "billing_type", "rate")


def project_state(raw: Raw) -> TargetState:
    """A project's state; people know it by its name."""
    key = Fields(raw, "a Zoho project").required_text("project_id")
    fields = Fields(raw, f"Zoho project {key}")
    status = (fields.text("status") or "active").casefold()
    return TargetState(
        target_id=key,
        number=fields.text("project_name"),
        status=status,
        total=None,
        currency="",
        modified=modified_text(fields),
        content={**{name: fields.text(name) for name in _CONTENT}, "status": status},
    )
