"""Counts the attacks that the tests try, out of the tests themselves, and writes `docs/attacks.md`.

`python -m config.up exec .venv/bin/python -m tests.attacks` writes the page anew; a test fails
while the page says anything else.
"""

import importlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "attacks.md"
COMMAND = "python -m config.up exec .venv/bin/python -m tests.attacks"


@dataclass(frozen=True)
class Row:
    """One kind of attack: how many there are, how that is counted, and the test that tries them."""

    who: str
    what: str
    number: int
    counted: str
    test: str


def function(test: str) -> Callable[..., Any]:
    """The test that is called like this; AttributeError where there is none."""
    path, _, name = test.partition("::")
    found: Callable[..., Any] = getattr(module(path), name)
    return found


def module(path: str) -> Any:
    return importlib.import_module(path.removesuffix(".py").replace("/", "."))


def cases(test: str) -> int:
    """How often pytest runs it: every case of one mark with every case of the others."""
    marks = getattr(function(test), "pytestmark", [])
    return math.prod(len(list(mark.args[1])) for mark in marks if mark.name == "parametrize")


# Each case of these tests is one attack.
BY_CASES = """
Stranger | a forged webhook, Zoho Books
tests/web/test_webhooks.py::test_what_is_not_proved_is_counted_and_not_stored
Stranger | a forged webhook, Procore
tests/web/test_webhook_proofs.py::test_what_procore_did_not_send_is_counted_and_not_stored
Stranger | a webhook to an address without a secret
tests/providers/test_zoho_webhooks.py::test_without_a_secret_nothing_is_read
Stranger | a webhook while no key opens the secret
tests/web/test_unopened_secrets.py::test_staff_are_told_once_what_to_do
Stranger | a callback with a forged state
tests/web/test_oauth.py::test_a_forged_answer_is_refused
Stranger | a callback that was used already
tests/web/test_oauth.py::test_an_answer_works_once
Stranger | a callback in another session
tests/web/test_oauth.py::test_an_answer_works_in_its_own_session_only
Stranger | a callback of another person
tests/web/test_oauth.py::test_an_answer_works_for_its_own_person_only
Stranger | a stolen code without its verifier
tests/services/test_connecting.py::test_a_stolen_code_without_its_verifier_brings_no_token
Stranger | guessing one account's password from many places
tests/web/test_sign_in.py::test_an_account_is_refused_after_a_few_tries_from_wherever_they_come
Stranger | guessing many accounts' passwords from one place
tests/web/test_sign_in.py::test_a_place_is_refused_after_tries_with_many_accounts
Stranger | guessing from addresses that they make up
tests/web/test_sign_in.py::test_an_address_that_a_client_makes_up_is_not_believed
Stranger | guessing from all addresses of a network
tests/web/test_sign_in.py::test_a_network_of_ipv6_is_one_place_and_ipv4_in_its_words_is_not
Stranger | using up the tries for codes of somebody else
tests/web/test_two_factor.py::test_a_stranger_keeps_nobody_from_giving_codes
Stranger | filling the audit with refused tries
tests/web/test_sign_in.py::test_a_flood_of_made_up_names_and_programs_does_not_fill_the_audit
Whoever knows a password | filling the person's mailbox with wrong codes
tests/web/test_two_factor.py::test_wrong_codes_from_many_places_are_one_mail
Holder of a stolen session | changing secrets or rights
tests/web/test_confirming.py::test_secrets_and_rights_want_the_password_of_just_now
Holder of a stolen session | guessing the password on the page that asks for it again
tests/web/test_confirming.py::test_passwords_cannot_be_guessed_here_either
Holder of a stolen session | guessing the password on the page that changes it
tests/web/test_confirming.py::test_passwords_cannot_be_guessed_where_one_changes_ones_own
Holder of a stolen session | confirming with the password of another account
tests/web/test_confirming.py::test_another_persons_password_confirms_nothing
Whoever knows a password | signing in without a code
tests/web/test_two_factor.py::test_a_password_alone_signs_nobody_in
Whoever knows a password | using a code of the app again
tests/web/test_two_factor.py::test_a_code_works_once
Whoever knows a password | using the code that set up the app
tests/web/test_two_factor.py::test_the_code_that_sets_it_up_signs_nobody_in
Whoever has an account | forgetting their wrong tries with a right code of their own
tests/web/test_two_factor.py::test_a_code_of_ones_own_does_not_forget_what_was_guessed
Whoever knows a password | using a recovery code again
tests/web/test_recovery_codes.py::test_a_recovery_code_works_once_and_is_told
Whoever knows a password | guessing codes from many places
tests/web/test_two_factor.py::test_codes_cannot_be_guessed
Whoever knows an old password | going on with a sign-in that waits for its code
tests/web/test_two_factor.py::test_a_new_password_ends_a_sign_in_that_waits_for_its_code
Whoever stole a phone | coming in at the moment of a reset
tests/web/test_two_factor.py::test_a_reset_at_the_moment_of_a_code_lets_nobody_in
Whoever plants a session's key | going on from the password of somebody else
tests/web/test_two_factor.py::test_the_session_gets_a_new_key_with_the_password_and_with_the_code
Holder of a stolen session and the password | removing the second factor
tests/web/test_two_factor.py::test_a_stolen_session_and_password_do_not_turn_it_off
Holder of a stolen session and the password | making recovery codes of their own
tests/web/test_recovery_codes.py::test_a_stolen_session_and_password_make_no_new_recovery_codes
Holder of a stolen session and the password | reading recovery codes that nobody has seen yet
tests/web/test_recovery_codes.py::test_codes_that_were_never_seen_are_not_for_another_session
Help desk | resetting the second factor of somebody with more rights
tests/web/test_two_factor.py::test_the_help_desk_resets_nobody_with_more_rights
Stranger | using an account whose address is not confirmed
tests/web/test_joining.py::test_an_address_that_is_not_confirmed_opens_nothing
Stranger | learning from sign-up who has an account
tests/web/test_joining.py::test_the_page_does_not_tell_who_has_an_account
Stranger | a forged invitation
tests/web/test_joining.py::test_a_forged_link_leads_nowhere
Whoever was invited | an invitation that was used, renewed, taken back or is old
tests/web/test_joining.py::test_an_invitation_works_once_and_not_when_it_is_over
Owner of a workspace | sending mail to the world by invitations
tests/web/test_joining.py::test_a_workspace_does_not_send_mail_to_the_world
Stranger | filling a mailbox with links for new passwords
tests/web/test_joining.py::test_resets_do_not_fill_a_mailbox
Former admin of a workspace | bringing people in by an earlier invitation
tests/web/test_joining.py::test_who_may_not_invite_any_more_brings_nobody_in
Admin of a workspace | giving a role above their own
tests/web/test_joining.py::test_nobody_gives_a_role_above_their_own
Holder of a stolen session and the password | staying in after the password was changed with it
tests/web/test_sessions.py::test_a_session_that_changed_the_password_can_still_be_ended
Holder of a stolen session | going on when the person gives their password again
tests/web/test_sessions.py::test_a_copy_of_a_session_ends_when_the_password_is_given_again
Holder of a stolen session | waiting until a person who was made inactive is active again
tests/web/test_sessions.py::test_who_is_made_inactive_is_signed_out_for_good
Another person | ending the sessions of somebody else
tests/web/test_sessions.py::test_nobody_ends_a_session_of_somebody_else
Stranger | a link that leads on to another site after the password
tests/web/test_confirming.py::test_it_leads_nowhere_else
Another tenant | reading rows, by kind of row
tests/contract/test_isolation.py::test_a_row_is_seen_in_its_own_scope_only
Another tenant | changing and removing rows, by kind of row
tests/contract/test_isolation.py::test_a_row_is_not_changed_or_removed_by_others
Another tenant | planting rows, by kind of row
tests/contract/test_isolation.py::test_a_row_for_another_tenant_is_refused
Another tenant | handing rows over, by kind of row
tests/contract/test_isolation.py::test_a_row_cannot_be_handed_to_another_tenant
Another tenant | pointing a key across, by key
tests/contract/test_isolation.py::test_a_key_cannot_point_into_another_tenant
Help desk | taking over somebody with more rights, by kind of right
tests/web/test_admin_rights.py::test_nobody_takes_over_staff_with_a_right_they_lack
Help desk | taking over a member who is made inactive first
tests/web/test_admin_rights.py::test_a_member_who_is_made_inactive_first_is_not_taken_over_either
Help desk | reading a ciphertext by a filter
tests/web/test_admin_rights.py::test_a_list_does_not_tell_what_a_ciphertext_begins_with
Help desk | filters of every staff list
tests/web/test_admin_rights.py::test_no_list_compares_a_secret_or_a_part_of_a_text
Admin of a workspace | sending alerts to odd addresses
tests/transport/test_egress.py::test_odd_addresses_are_refused_before_anything_is_looked_up
Admin of a workspace | sending alerts to addresses that are not public
tests/transport/test_public_addresses.py::test_what_is_not_public_is_refused
Admin of a workspace | sending alerts to a name that leads inside
tests/transport/test_egress.py::test_a_name_that_leads_inside_is_refused
Owner of a name server | answering differently the second time
tests/transport/test_egress.py::test_the_connection_goes_to_the_address_that_was_checked
Receiver of alerts | leading on to another address
tests/transport/test_egress.py::test_a_redirect_is_an_answer_and_is_not_followed
Receiver of alerts | dripping to hold a worker
tests/transport/test_egress.py::test_a_dripping_receiver_holds_nobody
Admin of another workspace | using and changing channels for alerts
tests/web/test_alert_channels.py::test_channels_of_another_workspace_are_not_there
Member of a workspace | managing channels for alerts without the role, by role
tests/web/test_alert_channels.py::test_others_only_look
Odd input | texts that cannot be stored
tests/unit/test_storable.py::test_what_a_provider_sends_can_be_stored
Odd input | numbers, days and texts out of range
tests/web/test_odd_input.py::test_what_cannot_be_meant_is_refused_in_words
A page of elsewhere | the simulators' control door
tests/sandbox/test_control_door.py::test_a_page_of_elsewhere_is_refused
Whoever reaches Redis | a pickle in the cache
tests/config/test_planted_code.py::test_a_pickle_in_the_cache_is_not_run
Whoever reaches Redis | a pickle in the queue
tests/config/test_planted_code.py::test_a_pickle_in_the_queue_is_not_run
Running login | becoming the owner
tests/tenants/test_roles.py::test_what_runs_the_service_cannot_become_the_owner
Running login | emptying what young attempts have sent
tests/services/test_emptied_attempts.py::test_the_running_login_empties_nothing_young
Running login | changing attempts
tests/services/test_emptied_attempts.py::test_the_running_login_changes_no_attempt
Owner of the database | changing attempts while the guard stands
tests/services/test_emptied_attempts.py::test_not_even_the_owner_changes_more_than_old_bodies
Running login | emptying what is kept for good, by table
tests/audit/test_record.py::test_nobody_empties_what_is_kept_at_one_stroke
Both logins | changing the platform's audit, by statement and login
tests/audit/test_platform.py::test_no_login_changes_an_event
Owner of the database | tampering with the audit
tests/audit/test_record.py::test_tampering_is_found_and_named
Configuration | a demo's setting in production
tests/config/test_checks.py::test_each_demo_setting_alone_is_refused
Configuration | DEBUG where others come
tests/config/test_checks.py::test_debug_is_refused_where_others_come
"""
URLS = "tests/contract/test_urls.py"
DOORS = "tests/web/test_odd_doors.py"
TEXTS = "tests/architecture/test_patterns.py"
REDACTION = "tests/unit/test_redaction.py"
SLOW = "tests/embedded/test_slow_clients.py"


def rows() -> list[Row]:
    """All kinds, those that are tried at every address first."""
    return [*_addresses(), *_odd_doors(), *_texts(), *_by_cases()]


def _by_cases() -> Iterator[Row]:
    lines = BY_CASES.split("\n")[1:-1]
    for said, test in zip(lines[::2], lines[1::2], strict=True):
        who, _, what = said.partition(" | ")
        yield Row(who, what, cases(test), "cases of the test", test)


def _addresses() -> Iterator[Row]:
    urls = module(URLS)
    every = len(urls.ROUTES)
    staying = sum("logout" not in route for route in urls.ROUTES)
    methods = len(urls.METHODS)
    for who, test, routes, ways in (
        ("Stranger", "test_nobody_sees_anything", every, methods),
        ("Another tenant", "test_a_member_of_another_tenant_sees_nothing", staying, methods),
        ("Staff without a right", "test_staff_without_a_right_see_nothing", staying, methods),
        ("Staff who may view", "test_staff_who_may_only_view_change_nothing", staying, 1),
    ):
        counted = f"{routes} addresses × {ways} method{'s' if ways > 1 else ''}"
        yield Row(who, "every address", routes * ways, counted, f"{URLS}::{test}")


def _odd_doors() -> Iterator[Row]:
    doors, routes = module(DOORS), module(URLS).ROUTES
    with_ids = sum("<" in route or "(?P" in route for route in routes)
    yield Row(
        "Odd input",
        "ids that nobody can mean",
        with_ids * len(doors.IDS) // 3 * 2,
        f"{with_ids} addresses × a third of {len(doors.IDS)} ids × 2 methods",
        f"{DOORS}::test_odd_ids_at_every_address",
    )
    asked = len(list(doors.queries()))
    yield Row(
        "Odd input",
        "values of filters",
        asked,
        f"{len(doors.FILTERS)} filters and {len(doors.ODD)} values, spread over every list",
        f"{DOORS}::test_odd_queries_at_every_list",
    )
    yield Row(
        "Odd input",
        "texts in every field of every form",
        len(doors.ODD),
        "texts, whatever the number of forms",
        f"{DOORS}::test_odd_fields_in_every_form",
    )


def _texts() -> Iterator[Row]:
    texts, hidden, slow = module(TEXTS), module(REDACTION), module(SLOW)
    attacks = sum(len(texts.pumps(pattern, flags)) for _, pattern, flags in texts.PATTERNS)
    yield Row(
        "Whoever writes text that we log",
        "texts that make a pattern explode",
        attacks,
        f"made for {len(texts.PATTERNS)} patterns",
        f"{TEXTS}::test_no_pattern_explodes",
    )
    proportion = f"{TEXTS}::test_redacting_takes_time_in_proportion"
    yield Row(
        "Whoever writes text that we log",
        "texts that are slow to redact",
        cases(proportion) * len(texts.HOSTILE),
        f"{cases(proportion)} beginnings × {len(texts.HOSTILE)} texts",
        proportion,
    )
    yield Row(
        "Whoever reads logs",
        "secrets in a text",
        len(hidden.NAMES) * len(hidden.SHAPES),
        f"{len(hidden.NAMES)} names × {len(hidden.SHAPES)} shapes",
        f"{REDACTION}::test_a_secret_goes_by_its_name_in_every_shape",
    )
    yield Row(
        "Slow client",
        "sockets that drip at once",
        2 * slow.MANY,
        f"{slow.MANY} at each of 2 doors",
        f"{SLOW}::test_both_doors_answer_while_hundreds_drip_on_each",
    )


def page() -> str:
    """The whole text of `docs/attacks.md`."""
    found = rows()
    lines = [
        "# Attacks, counted",
        "",
        "How many attacks the tests try, all of which fail. `tests/attacks.py` counts them out of",
        "the tests themselves and writes this page, so do not edit it:",
        "",
        "```",
        COMMAND,
        "```",
        "",
        "`tests/contract/test_attacks.py` fails while the page says anything else. What keeps each",
        "of them off stands in [Security](security.md). A few cases run in `make crash` and",
        "`make soak` only.",
        "",
        f"**{sum(row.number for row in found):,} attacks of {len(found)} kinds.**",
        "",
        "| Who | What they try | Attacks | Counted as | Test |",
        "|---|---|---:|---|---|",
    ]
    lines += [
        f"| {row.who} | {row.what} | {row.number:,} | {row.counted} | `{row.test}` |"
        for row in found
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    PAGE.write_text(page())
