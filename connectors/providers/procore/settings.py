"""What a person fills in to connect Procore, and how it is checked and stored.

Form values enter, settings in their stored spelling leave; ids consist of digits, so that none of
them can lead a call elsewhere.
"""

from typing import Any

from connectors.core.errors import BadInputError
from connectors.providers.procore.environments import CHOICES
from connectors.transport.provider import Field, Settings, clean_fields, positive_int

CREDENTIALS = (
    Field(
        name="client_id",
        label="Client ID",
        help="Of the app's Developer Managed Service Account, from Procore's developer portal.",
    ),
    Field(name="client_secret", label="Client secret", help="Shown beside it.", secret=True),
)
SETTINGS = (
    Field(
        name="environment",
        label="Environment",
        help="Where the company is; each environment has credentials of its own.",
        choices=CHOICES,
    ),
    Field(
        name="company_id",
        label="Company ID",
        help="The first number in the address of the company's pages. Left empty, the test looks "
        "for it, as far as Procore tells.",
        required=False,
        usual=True,
    ),
    Field(
        name="project_ids",
        label="Projects",
        help="IDs of the projects to use, separated by commas; empty for all that are permitted. "
        "After a test they are offered by name.",
        required=False,
        offered="projects",
        several=True,
    ),
    Field(
        name="try_project",
        label="Project for trying",
        help="ID of a project in which the test may make an empty commitment, approve it, set it "
        "back to draft and delete it. Needed only for integrations that change approved "
        "commitments: Procore shows in no other way whether a company lets them be reopened.",
        required=False,
        offered="projects",
    ),
    Field(
        name="per_hour",
        label="Calls per hour",
        help="Procore's own limit unless you set a lower one.",
        required=False,
    ),
    Field(
        name="per_10_seconds",
        label="Calls per ten seconds",
        help="Found by the connection's test; set it to leave some to other programs.",
        required=False,
    ),
    Field(name="concurrency", label="Calls at once", help="4 unless set.", required=False),
)


def clean(settings: Settings) -> dict[str, Any]:
    """Settings in their stored spelling."""
    cleaned = clean_fields(settings, SETTINGS)
    company = str(cleaned.get("company_id", ""))
    if company and not _is_id(company):
        raise BadInputError(
            f"A company ID consists of digits, unlike {company!r}. It is the first number in the "
            "address of the company's pages in Procore."
        )
    _check_try_project(cleaned)
    chosen = project_ids(cleaned)
    cleaned.pop("project_ids", None)
    if chosen:
        cleaned["project_ids"] = ",".join(chosen)
    for name in ("per_hour", "per_10_seconds", "concurrency"):
        number = positive_int(cleaned, name)
        if number is not None:
            cleaned[name] = number
    return cleaned


def _check_try_project(settings: Settings) -> None:
    project = str(settings.get("try_project") or "")
    chosen = project_ids(settings)
    if project and (not _is_id(project) or (chosen and project not in chosen)):
        raise BadInputError(
            f"The project for trying is {project!r}; it must be the ID of one of the projects that "
            "this connection uses."
        )


def project_ids(settings: Settings) -> list[str]:
    """The chosen projects, each once; none for all. BadInputError for what is no id."""
    texts = [text.strip() for text in str(settings.get("project_ids") or "").split(",")]
    chosen = list(dict.fromkeys(text for text in texts if text))
    for text in chosen:
        if not _is_id(text):
            raise BadInputError(
                f"Project IDs consist of digits, separated by commas, unlike {text!r}. A "
                "project's ID is in the address of its pages in Procore."
            )
    return chosen


def _is_id(text: str) -> bool:
    # Ids exceed 32 bits, but not 64.
    return text.isascii() and text.isdigit() and 0 < int(text) < 2**63
