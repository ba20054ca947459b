"""Keeps allauth's list of e-mail addresses equal to the one address of each person.

Whoever signs up confirms theirs by a code. Staff and commands vouch for people whom they add.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models.signals import post_save

from tenants.models import User


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    post_save.connect(_follow, sender=User)


def _follow(instance: User, created: bool, raw: bool = False, **rest: Any) -> None:
    if raw or getattr(instance, "signs_up", False):
        return
    known = EmailAddress.objects.filter(user=instance)
    if created:
        EmailAddress.objects.create(
            user=instance, email=instance.email, verified=True, primary=True
        )
    elif not known.filter(email=instance.email).exists():
        # Staff gave the person another address. Nobody signs in with the old one.
        known.delete()
        EmailAddress.objects.create(
            user=instance, email=instance.email, verified=True, primary=True
        )
