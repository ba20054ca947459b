"""WBS codes as Procore reports them, from lists and from answers to writes alike.

Procore's JSON enters, a target state leaves, whose content repeats the fields that can be written.
"""

from connectors.core.days import instant_text
from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState


def wbs_code_state(raw: Raw, project_id: str) -> TargetState:
    """A WBS code's state; people know it by its flat code."""
    fields = Fields(raw, f"a WBS code of Procore project {project_id}")
    status = (fields.text("status") or "active").casefold()
    modified = fields.instant("updated_at")
    return TargetState(
        target_id=fields.required_text("id"),
        number=fields.text("flat_code"),
        status=status,
        total=None,
        currency="",
        modified=instant_text(modified) if modified else "",
        content={
            "project_id": project_id,
            "flat_code": fields.text("flat_code"),
            "description": fields.text("description") or fields.text("flat_name"),
            "status": status,
        },
    )
