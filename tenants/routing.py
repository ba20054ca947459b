"""The closed list of what may be asked before any tenant's scope exists.

Each entry is an SQL function that runs as the platform role, looks over every tenant and gives
ids away, nothing else. A migration creates it (``tenants.isolation.RoutingFunction``); a function
that is not in this list, or returns more than ids, fails the contract tests.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class RoutingSignature:
    """The outside of a routing function: its SQL arguments, and the id columns it returns."""

    name: str
    arguments: str
    returns: tuple[str, ...]
    answers: str

    @property
    def arity(self) -> int:
        return len([part for part in self.arguments.split(",") if part.strip()])


ROUTING_FUNCTIONS: dict[str, RoutingSignature] = {
    signature.name: signature
    for signature in (
        RoutingSignature(
            name="routing_memberships",
            arguments="person_id bigint",
            returns=("tenant_id",),
            answers="Which tenants is this person a member of?",
        ),
        RoutingSignature(
            name="routing_due_integrations",
            arguments="most integer",
            returns=("tenant_id", "integration_id"),
            answers="Whose schedule says that a run should start now?",
        ),
        RoutingSignature(
            name="routing_runs",
            arguments="most integer",
            returns=("tenant_id", "run_id"),
            answers="Which unfinished runs has nobody in hand?",
        ),
        RoutingSignature(
            name="routing_slots",
            arguments="most integer",
            returns=("tenant_id", "slot_id"),
            answers="Which free slots have documents to work on?",
        ),
        RoutingSignature(
            name="routing_doubtful",
            arguments="most integer",
            returns=("tenant_id", "integration_id"),
            answers="Which integrations have writes of unknown fate, or claims that ran out?",
        ),
        RoutingSignature(
            name="routing_tokens",
            arguments="before timestamptz",
            returns=("tenant_id", "connection_id"),
            answers="Which tokens in use end soon?",
        ),
        RoutingSignature(
            name="routing_probes",
            arguments="most integer",
            returns=("tenant_id", "connection_id"),
            answers="Which suspended connections should be tried again now?",
        ),
        RoutingSignature(
            name="routing_webhook",
            arguments="path_token uuid",
            returns=("tenant_id", "endpoint_id"),
            answers="Whose endpoint is behind this unguessable path?",
        ),
        RoutingSignature(
            name="routing_inbox",
            arguments="most integer",
            returns=("tenant_id", "connection_id"),
            answers="Which connections have hints that were not followed yet?",
        ),
        RoutingSignature(
            name="routing_hooks",
            arguments="checked_before timestamptz",
            returns=("tenant_id", "endpoint_id"),
            answers="Whose hooks at the provider were not checked since?",
        ),
        RoutingSignature(
            name="routing_alerts",
            arguments="quiet_since timestamptz",
            returns=("tenant_id",),
            answers="Which tenants have news to be told, and were not written to since?",
        ),
        RoutingSignature(
            name="routing_alert_deliveries",
            arguments="most integer",
            returns=("tenant_id",),
            answers="Which tenants have messages that should be sent now?",
        ),
        RoutingSignature(
            name="routing_old_hints",
            arguments="before timestamptz",
            returns=("tenant_id",),
            answers="Which tenants have hints of that age that were followed?",
        ),
        RoutingSignature(
            name="routing_old_attempts",
            arguments="before timestamptz",
            returns=("tenant_id",),
            answers="Which tenants have attempts of that age whose bodies may go?",
        ),
    )
}


def route(name: str, *arguments: Any) -> list[tuple[int, ...]]:
    """Ask a routing function; return its rows of ids, in the order it gives them."""
    signature = _signature(name)
    if len(arguments) != signature.arity:
        raise TypeError(f"{name}({signature.arguments}) got {len(arguments)} arguments.")
    places = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {signature.name}({places})", list(arguments))  # noqa: S608
        rows: list[tuple[int, ...]] = cursor.fetchall()
        return rows


def create_function_sql(name: str, query: str) -> str:
    """Return the statements that create a listed function; role names are left to be filled in.

    The owner hands the finished function to the platform role, whose policies then apply inside:
    the owner itself is bound by the tenant policies and would see nothing.
    """
    signature = _signature(name)
    columns = ", ".join(f"{column} bigint" for column in signature.returns)
    body = query.strip().rstrip(";").replace("{", "{{").replace("}", "}}")
    return f"""
DROP FUNCTION IF EXISTS {name};
CREATE FUNCTION {name}({signature.arguments}) RETURNS TABLE({columns})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
{body}
$$;
REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {name} TO {{app}};
GRANT CREATE ON SCHEMA public TO {{platform}};
ALTER FUNCTION {name} OWNER TO {{platform}};
REVOKE CREATE ON SCHEMA public FROM {{platform}};
"""


def _signature(name: str) -> RoutingSignature:
    try:
        return ROUTING_FUNCTIONS[name]
    except KeyError:
        raise LookupError(
            f"{name!r} is not in tenants.routing.ROUTING_FUNCTIONS: the list is closed on purpose, "
            "because these functions look past row-level security. Add it there, and have it read."
        ) from None
