"""What an event of the audit says, as a sentence for people.

An event enters, plain text leaves; an action without a sentence of its own is named as it is.
"""

from audit.actors import shown_name
from audit.models import AuditEvent

_SENTENCES = {
    "connection.authorised": "authorised {target}",
    "connection.changed": "changed {target}",
    "connection.created": "added {target}",
    "connection.ready": "found that {target} works again",
    "connection.resting": "found that {target} takes no more calls for a while",
    "connection.tested": "tested {target}",
    "credential.used": "used a credential of {target}",
    "credentials.rotated": "re-encrypted the credentials",
    "document.dismissal_ended": "took the dismissal of {source} back: it changed at the source",
    "document.dismissed": "dismissed {source}",
    "document.held": "held {source}",
    "document.policy_applied": "applied today's mappings and options to {source}",
    "document.post_anew": "had {source} posted anew",
    "document.replayed": "had {source} checked again",
    "document.waiting": "put {source} to wait",
    "drift.adopted": "accepted what was changed of {target}",
    "drift.found": "found {target} changed by somebody else",
    "drift.restored": "restored {target}",
    "inbox.replayed": "had a webhook followed again",
    "integration.changed": "changed the integration {target}",
    "integration.created": "made the integration {target}",
    "integration.dry_run": "asked for a dry run of {target}",
    "integration.policy_applied": "applied today's options to posted documents of {target}",
    "integration.run_requested": "asked for a run of {target}",
    "integration.took_over": "moved links to the integration {target}",
    "link.released": "released the link of {source}",
    "mapping.confirmed": "confirmed the mapping of {source}",
    "mapping.linked": "linked {source} by itself",
    "mapping.removed": "removed the mapping of {source}",
    "mapping.set": "mapped {source} to {target}",
    "mapping_failure.opened": "found that {source} is not mapped",
    "mapping_failure.resolved": "saw the missing mapping of {source} resolved",
    "member.added": "added {email} as {role}",
    "member.removed": "removed {email}",
    "member.role_changed": "made {email} {role}",
    "run.failed": "could not finish a run",
    "run.started": "started a run",
    "target.agreed": "found {target} as posted",
    "target.linked": "linked {source} to {target}",
    "target.matched": "recognised {target} as {source}",
    "tenant.changed": "changed the workspace's settings",
    "tenant.created": "made the workspace",
    "webhooks.opened": "opened the address for webhooks of {target}",
    "webhooks.repaired": "repaired the webhooks of {target}",
    "webhooks.secret_renewed": "renewed the webhook secret of {target}",
}


def sentence(event: AuditEvent) -> str:
    """“mapped vendor Pacific Crating to Pacific Crating LLC”; who did it stands beside it."""
    said = _SENTENCES.get(event.action)
    if said is None:
        names = " ".join(filter(None, (_source(event), _target(event))))
        return f"{event.action.replace('.', ': ').replace('_', ' ')} {names}".strip()
    details = event.details if isinstance(event.details, dict) else {}
    return said.format(
        source=_source(event) or "it",
        target=_target(event) or "it",
        email=details.get("email", "somebody"),
        role=details.get("role", "member"),
    )


def actor(event: AuditEvent) -> str:
    """“dana@acme.example”, “The service”."""
    name = shown_name(event.actor)
    return name if "@" in name else name[:1].upper() + name[1:]


def by_a_person(event: AuditEvent) -> bool:
    return event.actor.startswith("user:")


def _source(event: AuditEvent) -> str:
    return _named(event.source_kind, event.source_number or event.source_id)


def _target(event: AuditEvent) -> str:
    return _named(event.target_kind, event.target_number or event.target_id)


def _named(kind: str, name: str) -> str:
    return f"{kind.replace('_', ' ')} {name}".strip() if kind or name else ""
