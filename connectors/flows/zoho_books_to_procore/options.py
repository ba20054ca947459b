"""The settings of an integration of this flow, as its form shows them.

Names and defaults leave; typed readings of a context's options are taken here and nowhere else.
"""

from connectors.core.flow import Context, Option

ACCOUNT_CODE, ITEM, TAG, LINE_FIELD = "account", "item", "tag", "field"

POSTED_STATUSES = Option(
    name="posted_statuses",
    label="Statuses that are posted",
    help="Orders in one of these statuses of Zoho Books become commitments; separated by commas. "
    "Drafts, rejected orders and those that wait for approval never do.",
    default="open, approved, issued, billed, partially_billed, partially_received, received, "
    "billed_not_received, received_not_billed, manually_received, accepted, signed, "
    "to_be_received, to_be_billed, closed",
    kind="text",
)
COST_CODE_FROM = Option(
    name="cost_code_from",
    label="Cost code from",
    help="Which field of an order's line tells its cost code. Its values are linked to Procore's "
    "budget codes, per project or for all projects at once.",
    default=ACCOUNT_CODE,
    kind="choice",
    choices=(
        (ACCOUNT_CODE, "The line's account"),
        (ITEM, "The line's item (its SKU)"),
        (TAG, "A reporting tag"),
        (LINE_FIELD, "A custom field of the line"),
    ),
)
COST_CODE_NAME = Option(
    name="cost_code_name",
    label="Name of that tag or field",
    help="Which reporting tag or custom field it is, where the cost code comes from one.",
    default="",
    kind="text",
)
PROJECT_FIELD = Option(
    name="project_field",
    label="Custom field for the project",
    help="A custom field of the order that names the project of lines that name none themselves. "
    "Its values are linked to Procore's projects like Zoho's own projects.",
    default="",
    kind="text",
)
DEFAULT_PROJECT = Option(
    name="default_project",
    label="Default project",
    help="The ID of the Zoho project for lines for which nothing else names one; empty to have "
    "them wait.",
    default="",
    kind="text",
)
ALLOW_UNBUDGETED = Option(
    name="allow_unbudgeted",
    label="Allow unbudgeted cost codes",
    help="Procore adds a budget line by itself for a code that the project's budget lacks. Off, "
    "such orders are held for a person.",
    default=False,
)
REOPEN_APPROVED = Option(
    name="reopen_approved",
    label="Change approved commitments",
    help="Procore locks vendor and lines of approved commitments. On, a changed order sets its "
    "commitment back to draft, changes it and approves it again; off, it is held.",
    default=False,
)
UNIT = Option(
    name="unit",
    label="Unit of measure",
    help="The unit that lines with quantities get; it must be in the Procore company's list of "
    "units. Empty for none.",
    default="ea",
    kind="text",
)
DRIFT = Option(
    name="drift",
    label="Commitments that somebody changed in Procore",
    help="Alert: the order is held and shows the difference. Restore: what we posted is put back, "
    "twice at most. Adopt: the change is accepted. Each is audited.",
    default="alert",
    kind="choice",
    choices=(("alert", "Alert"), ("restore", "Restore"), ("adopt", "Adopt")),
)

OPTIONS = (
    POSTED_STATUSES,
    COST_CODE_FROM,
    COST_CODE_NAME,
    PROJECT_FIELD,
    DEFAULT_PROJECT,
    ALLOW_UNBUDGETED,
    REOPEN_APPROVED,
    UNIT,
    DRIFT,
)


def posted_statuses(context: Context) -> frozenset[str]:
    """The statuses as Zoho spells them, however a person typed them."""
    words = text(context, POSTED_STATUSES).casefold().split(",")
    return frozenset("_".join(word.split()) for word in words if word.strip())


def allows_unbudgeted(context: Context) -> bool:
    return bool(_chosen(context, ALLOW_UNBUDGETED))


def reopens_approved(context: Context) -> bool:
    return bool(_chosen(context, REOPEN_APPROVED))


def text(context: Context, option: Option) -> str:
    return str(_chosen(context, option) or "").strip()


def _chosen(context: Context, option: Option) -> object:
    return context.options.get(option.name, option.default)
