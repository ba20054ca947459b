"""The settings of an integration of this flow, as its form shows them.

Names and defaults leave; typed readings of a context's options are taken here and nowhere else.
"""

from connectors.core.flow import Context, Option

ORDER_STATUS = Option(
    name="order_status",
    label="Status of posted purchase orders",
    help="Zoho Books creates every purchase order as a draft. Open ones can be received and "
    "billed; leave them as drafts if somebody in Zoho Books releases them by hand.",
    default="open",
    kind="choice",
    choices=(("open", "Open"), ("draft", "Leave as draft")),
)
FOLLOW_CLOSED = Option(
    name="follow_closed",
    label="Follow closed purchase orders",
    help="A purchase order that is closed in Procurify is marked as billed in Zoho Books once all "
    "its bills are posted.",
    default=True,
)
BILL_DATE = Option(
    name="bill_date",
    label="Date of bills",
    help="The posting date where Procurify has one, else the invoice date; or always the invoice "
    "date.",
    default="posting",
    kind="choice",
    choices=(("posting", "Posting date, else invoice date"), ("invoice", "Invoice date")),
)
POST_EXPENSE_BILLS = Option(
    name="post_expense_bills",
    label="Post expense bills",
    help="Bills that repay an employee's expenses. Off, they are not applicable.",
    default=False,
)
POST_CARD_BILLS = Option(
    name="post_card_bills",
    label="Post credit card bills",
    help="Bills for spending on company cards. Off, they are not applicable.",
    default=False,
)

OPTIONS = (ORDER_STATUS, FOLLOW_CLOSED, BILL_DATE, POST_EXPENSE_BILLS, POST_CARD_BILLS)


def leaves_drafts(context: Context) -> bool:
    return _chosen(context, ORDER_STATUS) == "draft"


def follows_closed(context: Context) -> bool:
    return bool(_chosen(context, FOLLOW_CLOSED))


def dates_by_invoice(context: Context) -> bool:
    return _chosen(context, BILL_DATE) == "invoice"


def posts_expense_bills(context: Context) -> bool:
    return bool(_chosen(context, POST_EXPENSE_BILLS))


def posts_card_bills(context: Context) -> bool:
    return bool(_chosen(context, POST_CARD_BILLS))


def _chosen(context: Context, option: Option) -> object:
    return context.options.get(option.name, option.default)
