"""Notes in the platform's chain what becomes of people, their passwords and rights, and groups.

It listens to Django's signals, so that no page and no command can forget it. What goes around them
(``QuerySet.update`` and bulk operations on these tables) is not done in this project.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save

from audit import actors
from audit.platform import record
from tenants.models import User

_WATCHED = ("email", "name", "is_active", "is_staff", "is_superuser")
_VERBS = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    pre_save.connect(_look_before, sender=User)
    post_save.connect(_note_person, sender=User)
    pre_delete.connect(_note_deletion, sender=User)
    post_save.connect(_note_group, sender=Group)
    pre_delete.connect(_note_deletion, sender=Group)
    for action, through in (
        ("person.groups", User.groups.through),
        ("person.rights", User.user_permissions.through),
        ("group.rights", Group.permissions.through),
    ):
        m2m_changed.connect(_note_links, sender=through, dispatch_uid=f"audit {action}")


class PasswordChanges:
    """Notes a new password. It stands among the password validators, since Django tells those."""

    def validate(self, password: str, user: Any = None) -> None:
        """Any password will do here; the other validators judge it."""

    def get_help_text(self) -> str:
        """Nothing to say about what a password must be."""
        return ""

    def password_changed(self, password: str, user: Any = None) -> None:
        if isinstance(user, User) and user.pk:
            record("person.password_changed", _name(user))


def _look_before(instance: User, update_fields: Iterable[str] | None, **rest: Any) -> None:
    watched = (*_WATCHED, "password")
    names = watched if update_fields is None else [n for n in watched if n in update_fields]
    found = User.objects.filter(pk=instance.pk).values(*names).first() if names else None
    instance._audited_before = found  # type: ignore[attr-defined]


def _note_person(instance: User, created: bool, **rest: Any) -> None:
    if created:
        powers = {name: True for name in ("is_staff", "is_superuser") if getattr(instance, name)}
        record("person.created", _name(instance), details=powers)
        return
    before = dict(getattr(instance, "_audited_before", None) or {})
    # Django tells of new passwords only, not of those that are taken away.
    if _is_usable(before.pop("password", "")) and not instance.has_usable_password():
        record("person.password_removed", _name(instance))
    changed = {
        name: [old, getattr(instance, name)]
        for name, old in before.items()
        if old != getattr(instance, name)
    }
    if changed:
        record("person.changed", _name(instance), details=changed)


def _is_usable(password: str) -> bool:
    return bool(password) and is_password_usable(password)


def _note_group(instance: Group, created: bool, **rest: Any) -> None:
    record("group.created" if created else "group.changed", _name(instance))


def _note_deletion(instance: Model, **rest: Any) -> None:
    kind = "person" if isinstance(instance, User) else "group"
    record(f"{kind}.deleted", _name(instance))


def _note_links(
    sender: type[Model],
    instance: Model,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[Any] | None,
    **rest: Any,
) -> None:
    """``instance`` was linked with rows of ``model``, or parted from them; reverse: they own it."""
    verb = _VERBS.get(action)
    if verb is None:
        return
    keys = _linked(sender, instance, model) if pk_set is None else pk_set
    others = list(model._default_manager.filter(pk__in=keys))
    owners, things = (others, [instance]) if reverse else ([instance], others)
    if not things:
        return
    with transaction.atomic():
        for owner in owners:
            kind = "person" if isinstance(owner, User) else "group"
            what = "groups" if isinstance(things[0], Group) else "rights"
            names = sorted(_name(thing) for thing in things)
            record(f"{kind}.{what}_{verb}", _name(owner), details={what: names})


def _linked(through: type[Model], instance: Model, model: type[Model]) -> set[Any]:
    """The keys of all that it is linked with: asked before it is parted from them."""
    own, other = type(instance)._meta.model_name, model._meta.model_name
    links = through._default_manager.filter(**{str(own): instance.pk})
    return set(links.values_list(f"{other}_id", flat=True))


def _name(row: Model) -> str:
    """What the row is called, with its number for people: their address may change."""
    if isinstance(row, User):
        return actors.user(row)
    return str(row)
