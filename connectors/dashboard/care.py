"""What only owners do to a workspace as a whole: export it, hand it over, delete it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from connectors.core.errors import ConnectorError
from connectors.core.storable import storable_text
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.services import workspace_deletion, workspace_export
from tenants import ownership
from tenants.accounts.confirming import confirm_first
from tenants.models import Member, Role
from tenants.staff.model_admin import row_number


@require_safe
@page(Role.OWNER)
def care(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Say what each act does, and offer it."""
    others = Member.objects.select_related("user").exclude(user=here.person)
    others = others.filter(user__is_active=True).order_by("user__email")
    return show(request, here, "care.html", "settings", others=others)


@require_POST
@page(Role.OWNER, acts=True)
def export(request: HttpRequest, here: Workspace) -> HttpResponseBase:
    """All data of the workspace as one file."""
    if (detour := confirm_first(request, here.url("care"))) is not None:
        return detour
    try:
        pieces = workspace_export.begin(tenant_id=here.tenant_id, by=here.person)
    except ConnectorError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(here.url("care"))
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{here.slug}.zip"'
    return answer


@require_POST
@page(Role.OWNER, acts=True)
def transfer(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Make another member the owner; the person stays as an admin."""
    if (detour := confirm_first(request, here.url("care"))) is not None:
        return detour

    def act() -> str:
        to_id = row_number(request.POST.get("member", ""))
        if not to_id:
            raise ValidationError("Choose a member.")
        heir = ownership.transfer(tenant_id=here.tenant_id, by=here.person, to_id=to_id)
        return f"{heir.user} owns {here.name} now. You are an admin."

    return do(request, act, here.url("settings"), refused=here.url("care"))


@require_POST
@page(Role.OWNER, acts=True)
def delete(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Delete the workspace, once its name was typed."""
    if (detour := confirm_first(request, here.url("care"))) is not None:
        return detour

    def act() -> str:
        name = storable_text(request.POST.get("name", ""))[:200]
        workspace_deletion.delete(tenant_id=here.tenant_id, name=name, by=here.person)
        return f"{here.name} is deleted."

    return do(request, act, reverse("home"), refused=here.url("care"))
