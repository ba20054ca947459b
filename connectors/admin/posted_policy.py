"""Staff pages that show what a changed mapping or changed options would do to posted documents.

The preview is the page; confirming applies exactly what it shows.
"""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.engine.job import Job, load_job
from connectors.engine.renewal import Change, Preview, Wish
from connectors.models import Integration
from connectors.services import posted_policy
from tenants.staff.model_admin import StaffAdmin

# More are counted and summed, and applied all the same.
_MOST_SHOWN = 200


class ConfirmForm(forms.Form):
    """Carries the digest of the preview that is confirmed."""

    digest = forms.CharField(widget=forms.HiddenInput)


def page(
    admin: StaffAdmin,
    request: HttpRequest,
    integration: Integration,
    wish: Wish,
    *,
    title: str,
    says: str,
    back: str,
) -> HttpResponse:
    """The preview of a wish, and after a person's confirmation what was done."""
    tenant_id: Any = integration.tenant_id
    job = load_job(tenant_id, integration.pk, registry.resolve)

    def confirm(given: dict[str, Any]) -> str:
        count = posted_policy.confirm(
            job, wish, digest=given["digest"], actor=actor_of(admin.person(request))
        )
        one = "1 posted document is" if count == 1 else f"{count} posted documents are"
        return f"{one} decided anew, and changed at {job.resolved.target.title} where possible."

    found = posted_policy.preview(job, wish)
    return admin.ask(
        request,
        title=title,
        form=ConfirmForm,
        act=confirm,
        done=back,
        template="staff/posted_policy.html",
        says=says,
        target=job.resolved.target.title,
        preview=found,
        sums=sorted(found.sums.items()),
        changing=_rows(job, found),
        more=max(0, len(found.changing) - _MOST_SHOWN),
        standing=[(one.document, one.obstacle) for one in found.standing[:_MOST_SHOWN]],
        back=back,
    )


def _rows(job: Job, found: Preview) -> list[dict[str, Any]]:
    names = posted_policy.names(job, found)
    return [
        {
            "document": one.document,
            "target_number": one.target_number,
            "changes": [_shown(change, names) for change in one.changes],
        }
        for one in found.changing[:_MOST_SHOWN]
    ]


def _shown(change: Change, names: dict[str, str]) -> dict[str, str]:
    """A field in plain words: “account of Bearing block”, with names in the place of ids."""
    field = tones.plain(change.field.removesuffix("_id"))
    return {
        "field": f"{field} of {change.line}" if change.line else field,
        "before": names.get(change.before, change.before) or "–",
        "after": names.get(change.after, change.after) or "–",
    }
