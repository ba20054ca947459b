"""Bills of one number through both simulators: what is taken twice, and what must not be."""

from calendar import month_name
from datetime import date, timedelta
from typing import Any

from django.db.models import F

from connectors.core.states import Reason, State
from connectors.engine import runs
from connectors.engine.job import Job
from connectors.models import Document, Link, Mapping, Outcome, ReferenceState, Run
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states
from tests.engine.test_marks import HIDDEN, SHOWN, correct, lose, quick, target_bills
from tests.sandbox_process import SandboxProcess

__all__ = ["quick"]


def documents(job: Job) -> list[Document]:
    with job.scope():
        return list(Document.objects.filter(stream="bill").order_by("key"))


def on(day: str) -> dict[str, Any]:
    return {"invoice_date": f"{day}T10:00:00-08:00", "gl_post_date": f"{day}T10:00:00-08:00"}


def test_two_vendors_that_lead_to_one_contact_post_one_number_once_in_a_run(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=2)
    rows = sandbox.get("/control/books/procurify")["bills"]
    first, second = sorted(rows, key=lambda row: row["group"])
    correct(sandbox, first["group"], invoice_number="INV 77", **on("2026-10-05"))
    correct(sandbox, second["group"], invoice_number="inv-77", **on("2026-10-05"))
    with job.scope():
        vendors = Mapping.objects.filter(kind="vendor")
        target = vendors.get(source_key=str(first["vendor"])).target_key
        vendors.filter(source_key=str(second["vendor"])).update(target_key=target)
    assert first["vendor"] != second["vendor"], "the story needs two vendors"
    run_until_idle(job)
    posted, held = documents(job)
    assert posted.state == State.POSTED
    assert (held.state, held.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert len(target_bills(sandbox)) == 1


def new_year(job: Job) -> list[str]:
    """The last day of a fiscal year of the company, and the first day of the next."""
    begins = str(job.target.profile["fiscal_year_start_month"]).title()
    first = date(2026, list(month_name).index(begins), 1)
    return [(first - timedelta(days=1)).isoformat(), first.isoformat()]


def test_a_yearly_series_is_posted_each_year(connected: Connected, sandbox: SandboxProcess) -> None:
    job = connected(plain=True, orders=0, bills=2)
    rows = sandbox.get("/control/books/procurify")["bills"]
    days = new_year(job)
    for row, day in zip(rows, days, strict=True):
        changes = {"invoice_number": "RENT", "vendor": rows[0]["vendor"], **on(day)}
        correct(sandbox, row["group"], **changes)
    run_until_idle(job)
    assert states(job) == {"posted": 2}, [document.words for document in documents(job)]
    assert sorted(bill["date"] for [bill] in target_bills(sandbox).values()) == days


def test_a_lost_bill_that_is_dated_into_another_year_meanwhile_stands_once(
    connected: Connected, sandbox: SandboxProcess, quick: None
) -> None:
    """Zoho Books does not refuse the second one: number and vendor may repeat in the new year."""
    job = connected(plain=True, orders=0, bills=1, options=HIDDEN)
    lose(sandbox, "POST", r"/bills\?")
    redated: list[str] = []

    def between() -> None:
        with job.scope():
            document = Document.objects.filter(state=State.UNCONFIRMED).first()
            looks = Outcome.objects.filter(result=Outcome.Result.ABSENT).count()
            if document is not None and not redated:
                redated.append(document.key)
                correct(sandbox, document.key, **on("2027-01-05"))
                Document.objects.update(wants_read=True)
                runs.queue_run(job.integration, trigger=Run.Trigger.COMMAND, actor="system:tests")
        if looks == 2:
            sandbox.post("/control/options", SHOWN)

    run_until_idle(job, between=between)
    run_until_idle(job)
    assert redated
    [[bill]] = target_bills(sandbox).values()
    assert bill["date"] == "2027-01-05"


def two_posted(connected: Connected, sandbox: SandboxProcess) -> tuple[Job, str, str]:
    """Two bills of one vendor and year, posted as N-1 and N-2."""
    job = connected(plain=True, orders=0, bills=2)
    rows = sandbox.get("/control/books/procurify")["bills"]
    first, second = (row["group"] for row in sorted(rows, key=lambda row: row["group"]))
    for number, key in enumerate((first, second), start=1):
        changes = {"invoice_number": f"N-{number}", "vendor": rows[0]["vendor"]}
        correct(sandbox, key, **changes, **on("2026-10-05"))
    run_until_idle(job)
    assert states(job) == {"posted": 2}
    return job, first, second


def renumber(job: Job, sandbox: SandboxProcess, key: str, number: str) -> None:
    correct(sandbox, key, invoice_number=number)
    with job.scope():
        Document.objects.filter(key=key).update(wants_read=True)


def numbers(sandbox: SandboxProcess) -> list[str]:
    return sorted(row["bill_number"] for [row] in target_bills(sandbox).values())


def test_a_posted_bill_takes_the_number_that_another_one_gives_up(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job, first, second = two_posted(connected, sandbox)
    renumber(job, sandbox, first, "N-2")
    run_until_idle(job)
    assert states(job) == {"posted": 1, "held": 1}
    renumber(job, sandbox, second, "N-3")
    run_until_idle(job)
    assert states(job) == {"posted": 2}, [document.words for document in documents(job)]
    assert numbers(sandbox) == ["N-2", "N-3"]


def test_bills_that_swap_their_numbers_get_them_by_way_of_a_third(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job, first, second = two_posted(connected, sandbox)
    renumber(job, sandbox, first, "N-2")
    renumber(job, sandbox, second, "N-1")
    run_until_idle(job)
    assert states(job) == {"held": 2}
    assert all("give one of them a third number" in one.words for one in documents(job))
    renumber(job, sandbox, second, "N-9")
    run_until_idle(job)
    assert (states(job), numbers(sandbox)) == ({"posted": 2}, ["N-2", "N-9"])
    renumber(job, sandbox, second, "N-1")
    run_until_idle(job)
    assert (states(job), numbers(sandbox)) == ({"posted": 2}, ["N-1", "N-2"])


def test_a_number_that_is_corrected_in_zoho_books_frees_the_bill_that_was_held_by_it(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job, first, _ = two_posted(connected, sandbox)
    with job.scope():
        payload = Link.objects.get(document__key=first).payload
    account = payload["lines"][0]["account_id"]
    typed = sandbox.post(
        "/control/add/zoho_books/bills",
        {
            "vendor_id": payload["vendor_id"],
            "bill_number": "N-7",
            "date": "2026-10-06",
            "line_items": [{"account_id": account, "rate": "1.00", "quantity": 1}],
        },
    )
    renumber(job, sandbox, first, "N-7")
    run_until_idle(job)
    assert documents(job)[0].state == State.HELD
    sandbox.post(f"/control/edit/zoho_books/bills/{typed['bill_id']}", {"bill_number": "N-8"})
    run_until_idle(job, trigger=Run.Trigger.SCHEDULE)
    assert documents(job)[0].state == State.HELD, "nothing is asked at every scheduled run"
    with job.scope():
        hours = F("read_at") - timedelta(hours=2)
        ReferenceState.objects.filter(kind="index:bill").update(read_at=hours)
    run_until_idle(job, trigger=Run.Trigger.SCHEDULE)
    assert states(job) == {"posted": 2}, [document.words for document in documents(job)]
    assert numbers(sandbox) == ["N-2", "N-7"]
