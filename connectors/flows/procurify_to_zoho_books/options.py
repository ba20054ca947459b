"""The settings of an integration of this flow, as its form shows them.

Names and defaults leave; typed readings of a context's options are taken here and nowhere else.
"""

from connectors.core.flow import Context, Option
from connectors.core.upkeep import Creates

ORDER_STATUS = Option(
    name="order_status",
    label="Status of posted purchase orders",
    help="Zoho Books creates every purchase order as a draft. Open ones can be received and "
    "billed; leave them as drafts if somebody in Zoho Books releases them by hand.",
    default="open",
    kind="choice",
    choices=(("open", "Open"), ("draft", "Leave as draft")),
    kept=True,
)
FOLLOW_CLOSED = Option(
    name="follow_closed",
    label="Follow closed purchase orders",
    help="A purchase order that is closed in Procurify is marked as billed in Zoho Books once all "
    "its bills are posted. One without any posted bill stays open, since "
    "nobody knows whether it was billed at all.",
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
    kept=True,
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
BILLS_WITHOUT_ORDER = Option(
    name="bills_without_order",
    label="Bills of orders that are not posted",
    help="A bill may take from a purchase order that is never posted: it is older than the history "
    "start, was dismissed, cancelled or deleted. Such a bill waits for a person, or is posted "
    "without the link to the order. A bill always waits for an order that is still to be posted.",
    default="wait",
    kind="choice",
    choices=(("wait", "Wait for a person"), ("post", "Post without the order")),
)
CREATE_VENDORS = Option(
    name="create_vendors",
    label="Create missing vendors",
    help="Whether Zoho Books gets the vendors of Procurify that it lacks. One whose name is there "
    "already is never made; it waits for a person.",
    default=Creates.NEVER,
    kind="choice",
    choices=((Creates.NEVER, "Never"), (Creates.NEEDED, "When an order or a bill needs it")),
)

DRIFT = Option(
    name="drift",
    label="What somebody changed in Zoho Books",
    help="Orders and bills that no longer say what was posted. Alert: the document is held and "
    "shows the difference. Restore: what we posted is put back, twice at most. Adopt: the change "
    "is accepted. Each is audited. What was voided, cancelled or deleted there always asks a "
    "person.",
    default="alert",
    kind="choice",
    choices=(("alert", "Alert"), ("restore", "Restore"), ("adopt", "Adopt")),
)

OPTIONS = (
    ORDER_STATUS,
    FOLLOW_CLOSED,
    BILL_DATE,
    POST_EXPENSE_BILLS,
    POST_CARD_BILLS,
    BILLS_WITHOUT_ORDER,
    CREATE_VENDORS,
    DRIFT,
)


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


def posts_without_order(context: Context) -> bool:
    return _chosen(context, BILLS_WITHOUT_ORDER) == "post"


def creates_vendors(context: Context) -> str:
    return str(_chosen(context, CREATE_VENDORS))


def _chosen(context: Context, option: Option) -> object:
    return context.options.get(option.name, option.default)
