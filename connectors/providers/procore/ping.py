"""The test of a Procore connection: real calls, and what they mean in words.

All of them read, but for what a person must have asked for in the settings. Also reads the profile:
which company it is, and the projects that a person may choose from.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from connectors.core.errors import BadInputError, ConnectorError, ErrorKind, ProviderError
from connectors.core.reading import is_true, plain_text
from connectors.core.records import Page, Raw
from connectors.providers.procore.asking import ask
from connectors.providers.procore.client import ProcoreClient
from connectors.providers.procore.environments import environment
from connectors.providers.procore.limits import spike_limit
from connectors.providers.procore.reopening import can_reopen
from connectors.providers.procore.settings import project_ids
from connectors.transport.findings import failed, readable, unread, why
from connectors.transport.provider import Finding, Settings

_CLOCK_TOLERANCE = 120
# A test answers a person who waits; projects beyond these are met when an order names them.
_PROJECTS_TRIED = 20
# What a project answers that the application may not use; anything else is a failure of its own.
_NOT_PERMITTED = frozenset({ErrorKind.PERMISSION, ErrorKind.NOT_FOUND, ErrorKind.REJECTED})


def ping(client: ProcoreClient, settings: Settings) -> list[Finding]:
    """Authorised, company, projects, permissions, clock and quota, in this order."""
    try:
        companies = client.companies()
    except ConnectorError as error:
        return [failed("authorised", error)]
    findings = [Finding(name="authorised", ok=True, words="Procore accepts the application.")]
    company = _own(companies, settings)
    findings.append(_company(company, companies, settings))
    if company is not None:
        findings.extend(_inside(client, settings))
    return [*findings, *_clock(client), *_quota(client)]


def resolve(client: ProcoreClient, settings: Settings) -> dict[str, Any]:
    """The profile of the chosen company, its projects among it.

    With none chosen and one there, that one; ``companies`` offers them all.
    """
    companies = client.companies()
    offered = [{"company_id": _id(row), "name": _name(row)} for row in companies]
    found = _own(companies, settings)
    if found is None and settings.get("company_id"):
        raise BadInputError(_unknown(settings, companies))
    if found is None:
        # Further calls need the company in their header, which the client gets with the settings.
        learnt = {"company_id": _id(companies[0])} if len(companies) == 1 else {}
        return {**learnt, "companies": offered}
    return {**_profile(client, found, settings), "companies": offered}


def _profile(client: ProcoreClient, company: Raw, settings: Settings) -> dict[str, Any]:
    projects = _projects(client)
    chosen = project_ids(settings) or [_id(row) for row in projects]
    seen = {_id(row) for row in projects}
    profile = {
        "company_id": _id(company),
        "name": _name(company),
        "user_id": _own_user(client),
        "currency_code": client.company_currency() or "",
        "projects": [
            {
                "id": _id(row),
                "name": _name(row),
                "number": plain_text(row.get("project_number")),
                "active": is_true(row.get("active"), True),
            }
            for row in projects
        ],
        "permitted": [project_id for project_id in chosen if project_id in seen],
        "web_root": environment(str(settings["environment"]), client.sandbox_url).web,
    }
    spike = spike_limit(client.api.observed.quota)
    learnt = {"per_10_seconds": spike, "reopens_approved": client.reopens}
    return profile | {name: value for name, value in learnt.items() if value is not None}


def _own_user(client: ProcoreClient) -> str:
    """The application's own user, whose changes are known again; empty where it may not see it."""
    try:
        return _id(client.me())
    except ProviderError as error:
        if error.kind not in _NOT_PERMITTED:
            raise
        return ""


def _projects(client: ProcoreClient) -> list[Raw]:
    """Those that can be named: a row without an id cannot be asked about, nor chosen."""
    return [row for page in client.projects() for row in page.rows if _id(row)]


def _own(companies: Sequence[Raw], settings: Settings) -> Raw | None:
    wanted = str(settings.get("company_id") or "")
    return next((row for row in companies if wanted and _id(row) == wanted), None)


def _company(found: Raw | None, offered: Sequence[Raw], settings: Settings) -> Finding:
    if found is None:
        return Finding(name="organization", ok=False, words=_unknown(settings, offered))
    words = f"Company {_name(found)} found."
    if not is_true(found.get("is_active"), True):
        return Finding(name="organization", ok=False, words=f"{words} It is not active.")
    return Finding(name="organization", ok=True, words=words)


def _unknown(settings: Settings, offered: Sequence[Raw]) -> str:
    if not offered:
        return (
            "The application is installed in no company. A Procore administrator installs it "
            "under App Management."
        )
    names = ", ".join(f"{_name(row)} ({_id(row)})" for row in offered)
    if not settings.get("company_id"):
        return f"No company is chosen yet. Choose one of: {names}."
    return (
        f"Company {settings['company_id']} is not among those where the application is "
        f"installed. Choose one of: {names}."
    )


# --- permissions ----------------------------------------------------------------------------------


def _inside(client: ProcoreClient, settings: Settings) -> list[Finding]:
    try:
        projects = _projects(client)
    except ConnectorError as error:
        return [unread("projects", "projects", error)]
    chosen = project_ids(settings)
    known = {_id(row): row for row in projects}
    missing = [project_id for project_id in chosen if project_id not in known]
    tried = [row for row in projects if not chosen or _id(row) in chosen]
    findings = [readable("vendors", "vendors", client.vendors)]
    findings.append(_allowed(client, tried, missing))
    if tried:
        findings.extend(_permissions(client, _id(tried[0])))
        findings.append(_money(client, tried[0]))
        findings.extend(ask(client, [row for row in tried if is_true(row.get("active"), True)]))
    findings.append(readable("webhooks", "webhooks", client.hooks))
    return [*findings, *_reopening(client, settings, known)]


def _money(client: ProcoreClient, project: Raw) -> Finding:
    """Which currency commitments are in. Where nothing says it, their orders are held, not lost."""
    try:
        own = client.project_currency(_id(project))
        code = client.company_currency() if own == "" else own
    except ConnectorError as error:
        return unread("currency", "currencies", error)
    if code:
        words = f"Commitments of {_name(project)} are in {code}."
    else:
        words = (
            f"Procore does not say which currency {_name(project)} is kept in. Name it in the "
            "integration's options, or its orders are held."
        )
    return Finding(name="currency", ok=True, words=words)


def _reopening(client: ProcoreClient, settings: Settings, known: Collection[str]) -> list[Finding]:
    """Whether approved commitments can be changed here, if a person has named where to try it."""
    project_id = str(settings.get("try_project") or "")
    if not project_id:
        return []
    if project_id not in known:
        words = f"Project {project_id}, named for trying, is not permitted to the application."
        return [Finding(name="reopening", ok=False, words=words)]
    try:
        reopens = can_reopen(client, project_id)
    except ConnectorError as error:
        words = f"Could not try whether approved commitments can be set back to draft. {why(error)}"
        return [Finding(name="reopening", ok=False, words=words)]
    client.reopens = bool(reopens)
    if reopens is None:
        words = (
            "A workflow of Procore owns the status of commitments: they stop at Draft until it "
            "approves them, and are not changed afterwards."
        )
        return [Finding(name="reopening", ok=True, words=words)]
    words = (
        "Approved commitments can be set back to draft, and so be changed."
        if client.reopens
        else "Approved commitments stay locked in this company: orders that change are held."
    )
    return [Finding(name="reopening", ok=True, words=words)]


def _allowed(client: ProcoreClient, tried: Sequence[Raw], missing: Sequence[str]) -> Finding:
    """Whether each project lets the application at its commitments."""
    refused = []
    for row in islice(tried, _PROJECTS_TRIED):
        try:
            next(client.purchase_order_contracts(_id(row), view="compact"), None)
        except ConnectorError as error:
            if not isinstance(error, ProviderError) or error.kind not in _NOT_PERMITTED:
                return unread("projects", f"commitments of {_name(row)}", error)
            refused.append(_name(row))
    if not tried or missing or refused:
        which = ", ".join([*refused, *missing]) or "none is permitted"
        words = f"Not permitted to the application, or without its Commitments tool: {which}."
        hint = "A Procore administrator permits projects under App Management."
        return Finding(name="projects", ok=False, words=f"{words} {hint}")
    return Finding(name="projects", ok=True, words=f"May use {len(tried)} projects.")


def _permissions(client: ProcoreClient, project_id: str) -> list[Finding]:
    needed: tuple[tuple[str, str, Callable[[str], Iterator[Page[Raw]]]], ...] = (
        ("project_vendors", "vendors of projects", client.project_vendors),
        ("cost_codes", "cost codes", client.cost_codes),
        ("wbs_codes", "budget codes", client.wbs_codes),
    )
    findings = [readable(name, what, partial(read, project_id)) for name, what, read in needed]
    return [*findings, _budget(client, project_id)]


def _budget(client: ProcoreClient, project_id: str) -> Finding:
    try:
        codes = client.budgeted_wbs_codes(project_id)
    except ConnectorError as error:
        return unread("budget", "budgets", error)
    return Finding(name="budget", ok=True, words=f"May read budgets ({len(codes)} budget codes).")


def _clock(client: ProcoreClient) -> list[Finding]:
    seconds = client.api.observed.clock_difference
    if seconds is None:
        return []
    side = "ahead of" if seconds > 0 else "behind"
    words = f"Procore's clock is {abs(seconds):.0f} s {side} ours."
    return [Finding(name="clock", ok=abs(seconds) <= _CLOCK_TOLERANCE, words=words)]


def _quota(client: ProcoreClient) -> list[Finding]:
    quota = client.api.observed.quota
    if quota is None:
        return []
    words = f"{quota.remaining:,} of {quota.limit:,} calls are left for {quota.reset_seconds} s."
    return [Finding(name="quota", ok=True, words=words)]


def _id(row: Raw) -> str:
    return plain_text(row.get("id"))


def _name(row: Raw) -> str:
    return plain_text(row.get("name")) or plain_text(row.get("login"))
