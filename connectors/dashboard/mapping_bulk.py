"""Many mappings at once: out of a table file after a dry run, and all exact matches."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_http_methods

from connectors.core.errors import BadInputError
from connectors.dashboard.mapping_place import Place, place_of
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.services import mapping_exact, mapping_file, mapping_import, mapping_list
from connectors.services.mapping_import import ChangedMeanwhileError, Names, Plan, Standing
from tenants.models import Role
from tenants.scope import tenant_scope


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.OPERATOR, acts=True)
def import_mappings(request: HttpRequest, here: Workspace) -> HttpResponse:
    """A file is chosen, its dry run is looked at, and exactly that is imported."""
    place = place_of(here, request.GET)
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    names = Names(kind=place.noun, source=place.source, target=place.there)
    content = b""
    try:
        if request.method != "POST":
            return _form(request, here, place)
        content = _content(request)
        if "digest" not in request.POST:
            plan = mapping_import.plan(place.integration, place.kind, content, names=names)
            return _form(request, here, place, plan=plan, content=content)
        number, freed = mapping_import.apply(
            place.integration,
            place.kind,
            content,
            names=names,
            digest=request.POST["digest"],
            actor=here.actor,
        )
    except ChangedMeanwhileError as error:
        return _form(request, here, place, plan=error.plan, content=content, problem=str(error))
    except BadInputError as error:
        return _form(request, here, place, problem=str(error))
    messages.success(request, f"Imported. {_linked(number, freed)}")
    return HttpResponseRedirect(place.back(here))


def _content(request: HttpRequest) -> bytes:
    """The file that is sent, or carried along from its dry run."""
    if "content" in request.POST:
        return mapping_file.unpacked(request.POST["content"])
    sent = request.FILES.get("file")
    if sent is None:
        raise BadInputError("Choose a file.")
    content: bytes = sent.read(mapping_file.MOST_BYTES + 1)
    return content


def _form(
    request: HttpRequest,
    here: Workspace,
    place: Place,
    *,
    plan: Plan | None = None,
    content: bytes = b"",
    problem: str = "",
) -> HttpResponse:
    counts = {standing.value: plan.count(standing) for standing in Standing} if plan else {}
    return show(
        request,
        here,
        "mapping_import.html",
        "mappings",
        place=place,
        problem=problem,
        plan=plan,
        lines=sorted(plan.lines, key=_by_urgency) if plan else (),
        counts=counts,
        changes=counts.get("new", 0) + counts.get("changed", 0),
        packed=mapping_file.packed(content) if content else "",
        most_lines=mapping_list.MOST_LINES,
        most_bytes=mapping_file.MOST_BYTES,
    )


def _by_urgency(line: mapping_import.Planned) -> tuple[int, int]:
    return list(Standing).index(line.standing), line.number


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.OPERATOR, acts=True)
def link_exact_mappings(request: HttpRequest, here: Workspace) -> HttpResponse:
    """What is the same on both sides, and one button that links it."""
    place = place_of(here, request.GET)
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    if request.method == "POST":

        def act() -> str:
            number, freed = mapping_exact.link(
                place.integration,
                place.flow,
                place.kind,
                chosen=frozenset(request.POST.getlist("pair")[: mapping_exact.MOST]),
                actor=here.actor,
            )
            return _linked(number, freed)

        again = f"{here.url('exact-mappings')}?{place.query}"
        return do(request, act, place.back(here), refused=again)
    with tenant_scope(here.tenant_id):
        pairs = mapping_exact.pairs(place.integration, place.flow, place.kind)
    return show(
        request,
        here,
        "mapping_exact.html",
        "mappings",
        place=place,
        pairs=pairs[: mapping_exact.MOST],
        more=max(0, len(pairs) - mapping_exact.MOST),
    )


def _linked(number: int, freed: int) -> str:
    return (
        f"{number} mapping{pluralize(number)} set. {freed} document{pluralize(freed)} will post "
        "now."
    )
