"""What people do with planted documents that depends on what was posted, act by act.

Deeds of a company enter as plain rows; each is done through the use case that a page would call, or
on the record at the target, as a person there would.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from connectors import registry
from connectors.core.errors import BadInputError, ProviderError, RetryLater
from connectors.core.states import Reason, State
from connectors.engine.policy import policy
from connectors.models import EPOCH, Document, Integration, Link, ReferenceState
from connectors.services import anew, drift, integrations, linking, mapping, replay
from tenants.scope import tenant_scope
from tests.e2e import ledger
from tests.e2e.stack import wait_until

Deed = Mapping[str, Any]
# The sandbox's control door: method, path and body in, its answer out.
Control = Callable[..., Any]
# What the sandbox calls the records that a link names.
KINDS = {
    "purchase_order": "purchaseorders",
    "bill": "bills",
    "commitment": "purchase_order_contracts",
}


def do_those_before_the_next_act(
    company: Mapping[str, Any], integration: Integration, control: Control, *, actor: str
) -> None:
    """What people do in the service before the company's next act; ``company`` as it is now."""
    assert integration.tenant_id is not None
    for deed in company.get("deeds", ()):
        if deed["act"] == company["played"] + 1:
            # Read anew each time, since a deed may have changed its options.
            do(deed, ledger.integration(integration.tenant_id, integration.pk), control, actor)


def do(deed: Deed, integration: Integration, control: Control, actor: str) -> None:
    """One deed."""
    if deed["deed"] in AT_TARGET:
        AT_TARGET[deed["deed"]](control, _target(deed, integration))
    else:
        DEEDS[deed["deed"]](deed, integration, actor)


def _target(deed: Deed, integration: Integration) -> tuple[str, str, str]:
    """Provider, kind and id of what the document was posted as."""
    tenant_id, document = _document(deed, integration)
    with tenant_scope(tenant_id):
        link = Link.objects.select_related("document__integration__target").get(document=document)
        return link.document.integration.target.provider, KINDS[link.target_kind], link.target_id


def _delete(control: Control, target: tuple[str, str, str]) -> None:
    control("POST", f"delete/{'/'.join(target)}")


def _document(deed: Deed, integration: Integration) -> tuple[int, int]:
    """The tenant and the document."""
    assert integration.tenant_id is not None
    with tenant_scope(integration.tenant_id):
        documents = Document.objects.filter(integration=integration)
        found = documents.get(stream=deed["kind"], key=deed["source_key"])
    return integration.tenant_id, found.pk


def _void(control: Control, target: tuple[str, str, str]) -> None:
    control("POST", f"edit/{'/'.join(target)}", {"status": "void"})


def _dismiss(deed: Deed, integration: Integration, actor: str) -> None:
    tenant_id, document = _document(deed, integration)
    replay.dismiss(tenant_id, document, reason=deed["reason"], actor=actor)


def _replay(deed: Deed, integration: Integration, actor: str) -> None:
    tenant_id, document = _document(deed, integration)
    replay.replay_documents(tenant_id, [document], actor=actor)


def _option(deed: Deed, integration: Integration, actor: str) -> None:
    options = {**integration.options, deed["option"]: deed["value"]}
    resolved = registry.resolve(integration.flow)
    integrations.change(integration, resolved=resolved, options=options, actor=actor)


def _anew(deed: Deed, integration: Integration, actor: str) -> None:
    """Asked again until the target has had the time in which its lists lag behind."""
    tenant_id, document = _document(deed, integration)
    posting = partial(anew.post_anew, tenant_id, document, resolve=registry.resolve, actor=actor)

    def asked() -> bool | str:
        try:
            posting(reason=deed["reason"])
        except BadInputError as error:
            if "Try again" not in str(error):
                raise
            return str(error)
        except (ProviderError, RetryLater) as error:
            # Zoho rests for a minute, or fails: a person would press again.
            return str(error)
        return True

    wait_until(f"posting {deed['number']} anew", asked, seconds=policy().settle_seconds + 120)


def _put_back(deed: Deed, integration: Integration, actor: str) -> None:
    """Once the target has told that the record is gone, it is restored or posted anew."""
    tenant_id, document = _document(deed, integration)

    def told() -> bool | str:
        with tenant_scope(tenant_id):
            row = Document.objects.get(pk=document)
        return row.state == State.HELD or f"it is {row.state}"

    wait_until(f"news of {deed['number']}", told, seconds=60)
    with tenant_scope(tenant_id):
        drifted = Document.objects.get(pk=document).reason == Reason.DRIFTED
    if drifted:
        drift.restore(tenant_id, document, resolve=registry.resolve, actor=actor)
    else:
        _anew(deed, integration, actor)


def _link(deed: Deed, integration: Integration, actor: str) -> None:
    """With what differs written, our mark included."""
    tenant_id, document = _document(deed, integration)
    resolve = registry.resolve
    (offer,) = linking.offers(tenant_id, document, resolve=resolve)
    linking.link(
        tenant_id, document, part=offer.plan.part, target=deed["target"], align=True,
        resolve=resolve, actor=actor,
    )  # fmt: skip


def _map(deed: Deed, integration: Integration, actor: str) -> None:
    mapping.set_mapping(
        integration,
        kind=deed["of"],
        source_key=deed["what"],
        target_key=deed["target"],
        actor=actor,
    )


def _a_day_passes(deed: Deed, integration: Integration, actor: str) -> None:
    """Cached lists of the target are read anew, to their end."""
    with tenant_scope(integration.tenant_id):
        states = ReferenceState.objects.filter(connection_id=integration.target_id)
        states.exclude(kind__startswith="index:").update(read_at=EPOCH, whole_at=EPOCH)


AT_TARGET: dict[str, Callable[[Control, tuple[str, str, str]], None]] = {
    "delete_target": _delete,
    "void_target": _void,
}
DEEDS: dict[str, Callable[[Deed, Integration, str], None]] = {
    "dismiss": _dismiss,
    "replay": _replay,
    "option": _option,
    "anew": _anew,
    "put_back": _put_back,
    "link": _link,
    "map": _map,
    "a_day_passes": _a_day_passes,
}
