"""Staff pages that show what a changed mapping or changed options would do to posted documents.

The preview is the page; confirming applies exactly what it shows.
"""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from audit.actors import user as actor_of
from connectors import registry
from connectors.engine.job import load_job
from connectors.engine.renewal import Wish
from connectors.models import Integration
from connectors.pages import posted_policy as policy_words
from connectors.services import posted_policy
from tenants.staff.model_admin import StaffAdmin


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
        back=back,
        **policy_words.context(job, found),
    )
