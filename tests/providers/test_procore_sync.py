"""A batch is one write with a fate per row: aligned with what was sent, and never guessed."""

from typing import Any

import httpx
import pytest

from connectors.core.errors import (
    BadInputError,
    ErrorKind,
    NotSentError,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.records import Raw
from connectors.providers.procore import sync
from connectors.providers.procore.errors import is_locked, is_origin_taken
from connectors.providers.procore.sync import Result
from tests.providers.procore_rig import PROJECT, ProcoreRig, synced
from tests.transport.fakes import script


def failed(row: Any, **errors: list[str]) -> dict[str, Any]:
    return {**row, "errors": errors}


def record_of(result: Result) -> Raw:
    assert not isinstance(result, ProviderError), result
    return result


def error_of(result: Result) -> ProviderError:
    assert isinstance(result, ProviderError)
    return result


def test_results_stand_in_the_order_of_the_updates_whatever_the_answers() -> None:
    a, b, c = ({"origin_id": name, "title": name} for name in "abc")
    answer = synced(
        {"id": 3, "origin_id": "c"}, {"id": 1, "origin_id": "a"}, errors=[failed(b, title=["no"])]
    )
    found = ProcoreRig(script(answer))
    first, second, third = found.client.sync_contracts(PROJECT, [a, b, c])
    assert (record_of(first)["id"], record_of(third)["id"]) == (1, 3)
    refused = error_of(second)
    assert refused.kind is ErrorKind.REJECTED
    assert refused.facts.message == "Procore said: title no"
    assert refused.facts.hint
    assert found.body() == {"project_id": 101, "updates": [a, b, c]}
    assert found.asked() == ["PATCH /rest/v1.0/purchase_order_contracts/sync"]


def test_rows_are_known_by_id_where_they_have_no_origin() -> None:
    answer = synced({"id": 5, "origin_id": None}, errors=[failed({"id": 6}, id=["not found"])])
    found = ProcoreRig(script(answer))
    first, second = found.client.sync_lines(PROJECT, "7", [{"id": "5"}, {"id": "6"}])
    assert record_of(first)["id"] == 5
    assert "id not found" in str(error_of(second))
    assert found.body() == {"updates": [{"id": 5}, {"id": 6}]}
    assert found.sent[0].url.params["project_id"] == PROJECT
    assert found.asked() == ["PATCH /rest/v1.0/purchase_order_contracts/7/line_items/sync"]


def test_linking_sends_both_and_is_found_by_either() -> None:
    update = {"id": "5", "origin_id": "x"}
    by_id = failed({"id": 5, "origin_id": None}, origin_id=["has already been taken"])
    refused = error_of(ProcoreRig(script(synced(errors=[by_id]))).client.sync_vendors([update])[0])
    assert is_origin_taken(refused.facts)
    entity = {"id": 5, "origin_id": "x"}
    assert ProcoreRig(script(synced(entity))).client.sync_vendors([update]) == [entity]


def test_a_row_that_nobody_mentions_may_have_happened() -> None:
    found = ProcoreRig(script(synced({"id": 1, "origin_id": "a"}, {"id": 9, "origin_id": "z"})))
    _, silent = found.client.sync_contracts(PROJECT, [{"origin_id": "a"}, {"origin_id": "b"}])
    assert isinstance(silent, UnknownOutcomeError)


@pytest.mark.parametrize(
    "body", [{}, {"entities": []}, {"entities": {}, "errors": []}, [], {"entities": [1]}]
)
def test_an_answer_that_is_none_leaves_all_rows_unknown(body: Any) -> None:
    with pytest.raises(UnknownOutcomeError):
        ProcoreRig(script(httpx.Response(200, json=body))).client.sync_vendors([{"origin_id": "a"}])


@pytest.mark.parametrize(
    "updates",
    [
        [{"title": "x"}],
        [{"origin_id": ""}],
        [{"origin_id": "a"}, {"origin_id": "a"}],
        [{"id": "5", "origin_id": "a"}, {"id": "5", "origin_id": "b"}],
    ],
)
def test_rows_that_could_not_be_told_apart_are_not_sent(updates: list[dict[str, Any]]) -> None:
    found = ProcoreRig(script())
    with pytest.raises(BadInputError):
        found.client.sync_contracts(PROJECT, updates)
    assert not found.sent


def test_nothing_to_do_costs_no_call() -> None:
    found = ProcoreRig(script())
    assert found.client.sync_contracts(PROJECT, []) == []
    assert not found.sent


def test_words_of_a_row_tell_locks_from_other_refusals() -> None:
    row = {"origin_id": "a"}
    locked = failed(row, base=["Contract is locked because it is Approved"])
    found = ProcoreRig(script(synced(errors=[locked]))).client.sync_contracts(PROJECT, [row])
    assert is_locked(error_of(found[0]).facts)
    assert not is_origin_taken(error_of(found[0]).facts)


# --- more than one batch --------------------------------------------------------------------------


def echo(request: httpx.Request) -> httpx.Response:
    updates = httpx.Response(200, content=request.content).json()["updates"]
    return synced(*({"id": 1 + n, **row} for n, row in enumerate(updates)))


def origins(count: int) -> list[dict[str, str]]:
    return [{"origin_id": f"o{n}"} for n in range(count)]


def test_many_rows_go_in_batches_of_a_thousand() -> None:
    found = ProcoreRig(echo)
    results = found.client.sync_vendors(origins(2001))
    assert [len(found.body(at)["updates"]) for at in (0, 1, 2)] == [1000, 1000, 1]
    assert [row["origin_id"] for row in results if not isinstance(row, ProviderError)] == [
        f"o{n}" for n in range(2001)
    ]


@pytest.mark.parametrize(
    ("failure", "kind", "of_batch"),
    [
        (httpx.Response(500, json={}), ErrorKind.UNKNOWN_OUTCOME, UnknownOutcomeError),
        (httpx.Response(403, json={"errors": ["No."]}), ErrorKind.PERMISSION, ProviderError),
        (
            httpx.Response(429, json={}, headers={"Retry-After": "9"}),
            ErrorKind.TRANSIENT,
            NotSentError,
        ),
    ],
)
def test_a_later_batch_that_fails_leaves_the_rows_before_it_settled(
    failure: httpx.Response, kind: ErrorKind, of_batch: type[ProviderError]
) -> None:
    answers = iter([None, failure])
    found = ProcoreRig(lambda request: next(answers) or echo(request))
    results = sync.sync(
        lambda batch: found.client._write("PATCH", "/x", {"updates": list(batch)}), origins(5), 2
    )
    assert [isinstance(row, ProviderError) for row in results] == [False, False, True, True, True]
    assert isinstance(results[2], of_batch)
    assert error_of(results[3]).kind is kind
    assert isinstance(results[4], NotSentError)
    assert len(found.sent) == 2


def test_a_first_batch_that_fails_raises_as_any_write_does() -> None:
    found = ProcoreRig(script(httpx.Response(500, json={})))
    with pytest.raises(UnknownOutcomeError):
        found.client.sync_contracts(PROJECT, origins(3))
