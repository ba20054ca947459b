"""What an event of the audit says, as a sentence for people.

An event enters, plain text leaves; an action without a sentence of its own is named as it is.
"""

from audit.actors import shown_name
from audit.models import AuditEvent

_SENTENCES = {
    "alert_channel.added": "added {target} to the channels for alerts",
    "alert_channel.changed": "changed the alerts to {target}",
    "alert_channel.own_mail": "chose what mail they get",
    "alert_channel.removed": "removed {target} from the channels for alerts",
    "alert_channel.secret_renewed": "renewed the secret of the alerts to {target}",
    "alert_channel.switched_off": "switched off the alerts to {target}",
    "alert_channel.switched_on": "switched on the alerts to {target}",
    "alert_channel.tested": "sent a test to {target}",
    "connection.authorised": "authorised {target}",
    "connection.changed": "changed {target}",
    "connection.created": "added {target}",
    "connection.link_made": "made a link to authorise {target}",
    "connection.link_used": "used the link that authorises {target}",
    "connection.ready": "found that {target} works again",
    "connection.resting": "found that {target} takes no more calls for a while",
    "connection.tested": "tested {target}",
    "credential.used": "used a credential of {target}",
    "credentials.rotated": "re-encrypted the credentials",
    "document.dismissal_ended": "took the dismissal of {source} back: it changed at the source",
    "document.dismissed": "dismissed {source}",
    "document.held": "held {source}: {words}",
    "document.policy_applied": "applied today's mappings and options to {source}",
    "document.post_anew": "had {source} posted anew",
    "document.replayed": "had {source} checked again",
    "document.waiting": "let {source} wait: {words}",
    "drift.adopted": "accepted what was changed of {target}",
    "drift.found": "found {target} changed by somebody else",
    "drift.restored": "restored {target}",
    "fit_report.shared": "shared the fit report of {target} by a link",
    "fit_report.taken_back": "took back the links to the fit report of {target}",
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
    "member.invited": "invited {email} as {role}",
    "member.uninvited": "took the invitation of {email} back",
    "member.removed": "removed {email}",
    "member.role_changed": "made {email} {role}",
    "review.assigned": "gave {source} to {email}",
    "review.commented": "commented on {source}",
    "review.snoozed": "put {source} off",
    "review.unassigned": "gave {source} to nobody",
    "review.woken": "took {source} up again",
    "run.failed": "could not finish a run: {words}",
    "run.finished": "finished a run",
    "run.started": "started a run",
    "target.add_vendor": "added the vendor to {target}",
    "target.agreed": "found {target} as posted",
    "target.approve": "approved {target}",
    "target.attach": "linked {source} to {target}",
    "target.close": "closed {target}",
    "target.create": "created {target}",
    "target.delete": "deleted {target}",
    "target.draft": "set {target} back to draft",
    "target.found_approved": "found {target} approved already",
    "target.found_ended": "found {target} ended already",
    "target.lines": "wrote the lines of {target}",
    "target.linked": "linked {source} to {target}",
    "target.matched": "recognised {target} as {source}",
    "target.policy_renewed": "renewed what {target} is posted with",
    "target.rename": "renamed {target}",
    "target.reopen": "reopened {target}",
    "target.set_status": "set the status of {target}",
    "target.update": "updated {target}",
    "target.void": "voided {target}",
    "tenant.changed": "changed the workspace's settings",
    "tenant.deleted": "deleted the workspace",
    "tenant.exported": "exported all data of the workspace",
    "tenant.transferred": "made {email} the owner, and became admin",
    "tenant.created": "made the workspace",
    "webhooks.opened": "opened the address for webhooks of {target}",
    "webhooks.repaired": "repaired the webhooks of {target}",
    "webhooks.secret_renewed": "renewed the webhook secret of {target}",
}
# People call these by their names.
_NAMED_ALONE = frozenset({"alert channel", "connection", "integration"})


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
        words=details.get("words", "nothing more is known"),
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
    """“bill INV-51”; a name that says what it is needs no kind before it."""
    said = kind.replace("_", " ")
    if kind in _NAMED_ALONE or name.startswith(f"{said} "):
        return name
    return f"{said} {name}".strip()
