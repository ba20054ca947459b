"""Groups of alerts: what is told twice before it is sent counts once."""

from connectors.services.alert_groups import Group, line, merged


def held(*amounts: str) -> Group:
    """Bills of these amounts, told at once."""
    lines = [
        line(f"Bill {number}", member=f"/w/acme/documents/{number}/", amounts={"EUR": amount})
        for number, amount in enumerate(amounts)
    ]
    total = sum(float(amount) for amount in amounts)
    return Group(
        kind="held", label="Total differs", count=2, amounts={"EUR": f"{total:.2f}"}, lines=lines
    )


def test_what_is_told_twice_counts_once_with_its_later_amount() -> None:
    (group,) = merged([held("10.00", "5.00")], [held("12.00", "5.00")])
    assert (group["count"], group["amounts"]) == (2, {"EUR": "17.00"})
    assert [row["amounts"] for row in group["lines"]] == [{"EUR": "12.00"}, {"EUR": "5.00"}]


def test_a_currency_that_nothing_is_left_of_is_left_out() -> None:
    other = held("12.00", "5.00")
    for row in other["lines"]:
        row["amounts"] = {"USD": row["amounts"]["EUR"]}
    other["amounts"] = {"USD": "17.00"}
    (group,) = merged([held("10.00", "5.00")], [other])
    assert group["amounts"] == {"USD": "17.00"}
