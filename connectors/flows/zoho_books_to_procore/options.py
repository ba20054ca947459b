"""The settings of an integration of this flow, as its form shows them.

Names and defaults leave; typed readings of a context's options are taken here and nowhere else.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.flow import Context, Option
from connectors.core.upkeep import Creates

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
    kept=True,
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
    kept=True,
)
COST_CODE_NAME = Option(
    name="cost_code_name",
    label="Name of that tag or field",
    help="Which reporting tag or custom field it is, where the cost code comes from one.",
    default="",
    kind="text",
    kept=True,
)
PROJECT_FIELD = Option(
    name="project_field",
    label="Custom field for the project",
    help="A custom field of the order that names the project for lines without a project. "
    "Its values are linked to Procore's projects like Zoho's own projects.",
    default="",
    kind="text",
    kept=True,
)
DEFAULT_PROJECT = Option(
    name="default_project",
    label="Default project",
    help="The ID of the Zoho project for lines for which nothing else names one; empty to have "
    "them wait.",
    default="",
    kind="text",
    kept=True,
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
    "commitment back to draft, changes it and approves it again; off, it is held. It can be turned "
    "on once the Procore connection's test has shown that the company allows it.",
    default=False,
)
UNIT = Option(
    name="unit",
    label="Unit for lines without a unit",
    help="Lines keep their own unit where the Procore company lists it, else they have none. This "
    "is for lines that name no unit in Zoho Books; it must be in that list. Empty for none.",
    default="",
    kind="text",
)
CURRENCY = Option(
    name="currency",
    label="Currency where Procore names none",
    help="The code (USD, say) of the currency that projects are kept in whose configuration "
    "Procore does not show. What Procore does say counts before it. Empty to have their orders "
    "held.",
    default="",
    kind="text",
    kept=True,
)
TITLE_LIMIT = Option(
    name="title_limit",
    label="Longest title",
    help="Procore publishes no limits of its texts. Titles with more characters are shortened; the "
    "whole text stays in the document here. 0 to send them as they are.",
    default=255,
    kind="number",
)
LINE_LIMIT = Option(
    name="line_limit",
    label="Longest text of a line",
    help="Likewise for the descriptions of lines. Procore's refusal names its limit. 0 to send "
    "them as they are.",
    default=0,
    kind="number",
)
NUMBER_LIMIT = Option(
    name="number_limit",
    label="Longest number",
    help="Numbers of commitments are never shortened. Orders with a longer number are held before "
    "Procore is asked. 0 to let Procore say so.",
    default=0,
    kind="number",
)
VENDORS_FOLLOW = Option(
    name="vendors_follow",
    label="Vendors follow Zoho Books",
    help="Linked vendors in Procore get the name, status, e-mail and phone that they have in Zoho "
    "Books. What is empty there stays as it is in Procore.",
    default=True,
)
CREATE_VENDORS = Option(
    name="create_vendors",
    label="Create missing vendors",
    help="Whether Procore gets the vendors of Zoho Books that it lacks. One whose name is there "
    "already is never made; it waits for a person.",
    default=Creates.NEVER,
    kind="choice",
    choices=(
        (Creates.NEVER, "Never"),
        (Creates.NEEDED, "When an order needs it"),
        (Creates.ALWAYS, "All active ones"),
    ),
)
DRIFT = Option(
    name="drift",
    label="What somebody changed on the other side",
    help="Commitments and linked master data that no longer say what was written. Alert: the "
    "record is held and shows the difference. Restore: what we wrote is put back, twice at most. "
    "Adopt: the change is accepted. Each is audited.",
    default="alert",
    kind="choice",
    choices=(("alert", "Alert"), ("restore", "Restore"), ("adopt", "Adopt")),
)
PROJECTS_FOLLOW = Option(
    name="projects_follow",
    label="Projects follow Procore",
    help="A Zoho project that is linked to a project of Procore gets its name and is set active or "
    "inactive with it. A name that says the same, or has the project's number in front, stays.",
    default=True,
)
CREATE_PROJECTS = Option(
    name="create_projects",
    label="Create missing Zoho projects",
    help="Active projects of Procore that no Zoho project is linked to are made in Zoho Books, for "
    "the customer below. One that looks like an existing project is held for a person.",
    default=False,
)
PROJECT_CUSTOMER = Option(
    name="project_customer",
    label="Customer of created projects",
    help="The ID of a customer in Zoho Books, from the address of the customer's page. Zoho Books "
    "wants one for every project; it can be changed there afterwards.",
    default="",
    kind="text",
)
CODES_FOLLOW = Option(
    name="codes_follow",
    label="Budget codes follow their accounts",
    help="A budget code that a single account leads to gets the account's name as its description "
    "and is set active or inactive with it, in every permitted project. Off, because project "
    "managers may call their budget codes otherwise on purpose.",
    default=False,
)
CREATE_CODES = Option(
    name="create_codes",
    label="Create missing cost codes",
    help="Where orders wait because Procore lacks a code for an account, the cost code and its "
    "budget code are made in the active permitted projects that lack it. Created codes have no "
    "budget, so that orders on them are held unless unbudgeted cost codes are allowed.",
    default=False,
)
CODE_COST_TYPE = Option(
    name="code_cost_type",
    label="Cost type of created codes",
    help="The code of a cost type of the Procore company, such as M, for accounts that are linked "
    "to no code yet.",
    default="",
    kind="text",
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
    CURRENCY,
    TITLE_LIMIT,
    LINE_LIMIT,
    NUMBER_LIMIT,
    VENDORS_FOLLOW,
    CREATE_VENDORS,
    PROJECTS_FOLLOW,
    CREATE_PROJECTS,
    PROJECT_CUSTOMER,
    CODES_FOLLOW,
    CREATE_CODES,
    CODE_COST_TYPE,
    DRIFT,
)


def posted_statuses(context: Context) -> frozenset[str]:
    """The statuses as Zoho spells them, however a person typed them.

    A posted order is followed through those of its day, and through those added since.
    """
    chosen = [text(context, POSTED_STATUSES), str(context.current.get(POSTED_STATUSES.name) or "")]
    words = ",".join(chosen).casefold().split(",")
    return frozenset("_".join(word.split()) for word in words if word.strip())


def allows_unbudgeted(context: Context) -> bool:
    return bool(_chosen(context, ALLOW_UNBUDGETED))


def reopens_approved(context: Context) -> bool:
    return bool(_chosen(context, REOPEN_APPROVED))


def vendors_follow(context: Context) -> bool:
    return bool(_chosen(context, VENDORS_FOLLOW))


def creates_vendors(context: Context) -> str:
    return text(context, CREATE_VENDORS)


def projects_follow(context: Context) -> bool:
    return bool(_chosen(context, PROJECTS_FOLLOW))


def creates_projects(context: Context) -> bool:
    return bool(_chosen(context, CREATE_PROJECTS))


def codes_follow(context: Context) -> bool:
    """Only where accounts are what cost codes are looked up by."""
    return bool(_chosen(context, CODES_FOLLOW)) and _by_account(context)


def creates_codes(context: Context) -> bool:
    return bool(_chosen(context, CREATE_CODES)) and _by_account(context)


def _by_account(context: Context) -> bool:
    return text(context, COST_CODE_FROM) == ACCOUNT_CODE


def problem(chosen: Mapping[str, Any]) -> str:
    """What is wrong with options that do not go together, in words; empty where nothing is."""
    context = Context(options=chosen, source_settings={}, target_settings={})
    if creates_projects(context) and not text(context, PROJECT_CUSTOMER):
        return (
            f"“{CREATE_PROJECTS.label}” needs the ID of a customer under "
            f"“{PROJECT_CUSTOMER.label}”."
        )
    if not _chosen(context, CREATE_CODES):
        return ""
    if not _by_account(context):
        return (
            f"“{CREATE_CODES.label}” needs “{COST_CODE_FROM.label}” to be the line's account: "
            "only accounts have the code and the name that are created."
        )
    if not text(context, CODE_COST_TYPE):
        return (
            f"“{CREATE_CODES.label}” needs the code of a cost type under “{CODE_COST_TYPE.label}”."
        )
    return ""


def unproved(chosen: Mapping[str, Any], profile: Mapping[str, Any]) -> str:
    """What is chosen that Procore's test has not shown to be possible; empty where nothing is."""
    if not chosen.get(REOPEN_APPROVED.name) or profile.get("reopens_approved") is True:
        return ""
    if profile.get("reopens_approved") is False:
        why = "this company keeps approved commitments locked, as the connection's test has found"
    else:
        why = (
            "the test of the Procore connection has not tried it yet. Name a “Project for trying” "
            "in its settings, and test it"
        )
    return f"“{REOPEN_APPROVED.label}” cannot be turned on: {why}."


def text(context: Context, option: Option) -> str:
    return str(_chosen(context, option) or "").strip()


def number(context: Context, option: Option) -> int:
    """A whole number as its form checked it; what is none counts as the default."""
    chosen = _chosen(context, option)
    return chosen if isinstance(chosen, int) else int(option.default)


def _chosen(context: Context, option: Option) -> object:
    return context.options.get(option.name, option.default)
