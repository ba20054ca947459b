"""How the audit names who acted: a person, a part of the system, or a command somebody ran."""

from typing import Protocol


class Person(Protocol):
    pk: int
    email: str


def user(person: Person) -> str:
    """Return the actor for a logged-in person."""
    return f"user:{person.pk} {person.email}"


def shown_name(actor: str) -> str:
    """Return what people call an actor: “dana@acme.example”, “the service”, “command seed_demo”."""
    kind, _, name = actor.partition(":")
    if kind == "user":
        return name.partition(" ")[2] or f"person {name}"
    return "the service" if kind == "system" else f"{kind} {name}".strip()


def system(part: str) -> str:
    """Return the actor for a part of the service that acts by itself, such as ``worker``."""
    return f"system:{part}"


def command(name: str) -> str:
    """Return the actor for a management command."""
    return f"command:{name}"
