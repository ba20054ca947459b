"""Webhooks that Procore sends: hooks (where to) and their triggers (what about).

A company's hooks serve its projects too. The header that a hook sends is a secret: Procore masks it
in what it returns, so it can be set but not compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import record_of
from connectors.providers.procore.caller import Caller

PAYLOAD_VERSION = "v2"
_HOOKS = "/rest/v1.0/webhooks/hooks"
_HOOK = f"{_HOOKS}/{{hook}}"
_TRIGGERS = f"{_HOOK}/triggers"
# Triggers per call.
_AT_ONCE = 500


class HookCalls(Caller):
    """Hooks of the company, or of one project where its id is given."""

    def hooks(self, namespace: str | None = None, *, project_id: str = "") -> Iterator[Page[Raw]]:
        """All hooks, or those of our namespace."""
        for page in self._list(_HOOKS, {**self._owner(project_id), "namespace": namespace}):
            rows = [row for row in page.rows if namespace in (None, row.get("namespace"))]
            yield Page(rows=rows, number=page.number)

    def create_hook(
        self,
        namespace: str,
        destination_url: str,
        authorization: str = "",
        *,
        project_id: str = "",
    ) -> Raw:
        """A hook without triggers; ``authorization`` is the header that it is to send."""
        hook = {"api_version": PAYLOAD_VERSION, "namespace": namespace}
        body = {
            **self._owner(project_id),
            "hook": {**hook, **_place(destination_url, authorization)},
        }
        return record_of(self._write("POST", _HOOKS, body), written=True)

    def update_hook(
        self, hook_id: str, destination_url: str, authorization: str = "", *, project_id: str = ""
    ) -> Raw:
        body = {**self._owner(project_id), "hook": _place(destination_url, authorization)}
        return record_of(self._write("PATCH", _HOOK, body, hook=hook_id), written=True)

    def delete_hook(self, hook_id: str, *, project_id: str = "") -> None:
        owner = self._owner(project_id)
        self._write("DELETE", _HOOK, params=owner, may_be_empty=True, hook=hook_id)

    def triggers(self, hook_id: str, *, project_id: str = "") -> Iterator[Page[Raw]]:
        return self._list(_TRIGGERS, self._owner(project_id), {"hook": hook_id})

    def create_triggers(
        self, hook_id: str, events: Sequence[tuple[str, str]], *, project_id: str = ""
    ) -> None:
        """Add (resource name, event type) pairs; which of them stand is told by ``triggers``."""
        for start in range(0, len(events), _AT_ONCE):
            some = [
                {"resource_name": resource, "event_type": event}
                for resource, event in events[start : start + _AT_ONCE]
            ]
            body = {
                **self._owner(project_id),
                "api_version": PAYLOAD_VERSION,
                "triggers": some,
            }
            self._write("POST", f"{_TRIGGERS}/bulk", body, may_be_empty=True, hook=hook_id)

    def delete_triggers(
        self, hook_id: str, trigger_ids: Sequence[str], *, project_id: str = ""
    ) -> None:
        for trigger_id in trigger_ids:
            self._write(
                "DELETE",
                f"{_TRIGGERS}/{{trigger}}",
                params=self._owner(project_id),
                may_be_empty=True,
                hook=hook_id,
                trigger=trigger_id,
            )

    def _owner(self, project_id: str) -> dict[str, Any]:
        return {"project_id": project_id} if project_id else {"company_id": self.company}


def _place(destination_url: str, authorization: str) -> Mapping[str, Any]:
    headers = {"destination_headers": {"Authorization": authorization}} if authorization else {}
    return {"destination_url": destination_url, **headers}
