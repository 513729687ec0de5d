"""Exports of the second overseas CRM: contacts, companies, deals and tickets, each half-year what is new or changed.

Belongs here: the form of HubSpot's exports: numbers that each kind of record counts for itself, times to the minute in
the form of the account's locale (which changed once), several numbers in one cell separated by semicolons. Some
contacts were entered twice under another mail address; when that is noticed, one record lists the other under
`Merged record IDs`, and the other is in no export any more.
"""

from __future__ import annotations

from datetime import date

from ingestion.sample import words
from ingestion.sample.constants import TWIN_EVERY
from ingestion.sample.crm_keys import HUB_COMPANY, HUB_CONTACT, HUB_DEAL, HUB_TWIN
from ingestion.sample.export_crm_cn import _DEAL_TIMES, _LEAD_TIMES, _last
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.tables import cents

CONTACTS = ("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Contact owner", "Owner employee number",
            "Lifecycle Stage", "Lead Status", "Buying Role", "Associated Company IDs", "City", "State/Region",
            "Country/Region", "Industry", "Number of Employees", "Original Source", "Unsubscribed from all email",
            "Has budget", "Purchase months", "Lead score", "Create Date", "Became a Lead Date", "Owner Assigned Date",
            "Became a Marketing Qualified Lead Date", "First Outreach Date", "Follow-up date",
            "Became an Opportunity Date", "Last Modified Date", "Merged record IDs")  # fmt: skip
COMPANIES = ("Record ID", "Company name", "Phone Number", "Street Address", "City", "State/Region", "Country/Region",
             "Industry", "Number of Employees", "Annual Revenue", "Type", "Lifecycle Stage", "Company owner",
             "Owner employee number", "Original Source", "Create Date", "Last Modified Date",
             "Merged record IDs")  # fmt: skip
STAGES = ("Qualified To Buy", "Presentation Scheduled", "Contract Sent", "Closed Won", "Closed Lost")
DEALS = ("Record ID", "Deal Name", "Pipeline", "Deal Stage", "Amount", "Currency", "Deal probability", "Close Date",
         "Create Date", "Deal owner", "Owner employee number", "Closed Lost Reason", "Original Traffic Source",
         "Associated Company IDs", "Associated Contact IDs", "Sales channel", "Product line", "Sales region",
             "Deal cost",
         "Lost from stage", *(f'Date entered "{stage} (Sales Pipeline)"' for stage in STAGES),
         "Last Modified Date")  # fmt: skip
TICKETS = ("Ticket ID", "Ticket name", "Ticket description", "Pipeline", "Ticket status", "Category", "Priority",
    "Source",
           "Ticket owner", "Owner employee number", "Associated Company IDs", "Associated Contact IDs", "Product line",
           "Create date", "First agent response date", "Close date", "Last Modified Date")  # fmt: skip

#: Of contacts that were entered twice: which, when the second record was noticed, its address, whether a file shows it.
IS_TWIN = f"(crm = 'hubspot' AND n % {4 * TWIN_EVERY} < 4)"
_MERGED = "(created + 40 * 86400)"
TWIN_EMAIL = "'second.' || l.email"
TWIN_KNOWN = "created + 7200 < {end}"
LOCALE_CHANGED = date(2026, 7, 1)  # until then the day came first


def _moment(seconds: str, seen: int, last: date) -> str:
    form = "%d/%m/%Y %H:%M" if last < LOCALE_CHANGED else "%Y-%m-%d %H:%M"
    return (
        f"CASE WHEN ({seconds}) > 0 AND ({seconds}) < {seen} "
        f"THEN strftime(make_timestamp(({seconds}) * 1000000), '{form}') END"
    )


def _owner() -> str:
    names = {e[0]: e[1] for e in words.EMPLOYEES}
    return "CASE owner " + " ".join(f"WHEN '{key}' THEN '{name}'" for key, name in names.items()) + " END"


def contact_sql(low: int, seen: int, last: date) -> str:
    """Contacts created or changed from `low` to `seen`; a twin is there until it is merged."""
    times = ("created", "created", "assigned", "graded", "contacted", "followed", "converted")
    moments = ", ".join(_moment(t, seen, last) for t in times)
    blank = ", ".join(["NULL"] * 6)
    return f"""
        SELECT {HUB_CONTACT}, split_part(contact, ' ', 1), split_part(contact, ' ', 2), email, phone, {_owner()}, owner,
            CASE WHEN converted > 0 AND converted < {seen} THEN 'Customer'
                WHEN graded > 0 AND graded < {seen} AND score >= 6 THEN 'Sales Qualified Lead'
                WHEN graded > 0 AND graded < {seen} THEN 'Marketing Qualified Lead' ELSE 'Lead' END,
            CASE WHEN converted > 0 AND converted < {seen} THEN 'Open Deal'
                WHEN closed > 0 AND closed < {seen} THEN 'Unqualified'
                WHEN contacted > 0 AND contacted < {seen} THEN 'Connected' ELSE 'New' END,
            CASE WHEN is_decider THEN 'Decision Maker' ELSE 'End User' END,
            CASE WHEN converted > 0 AND converted < {seen} THEN {HUB_COMPANY} END, city, state, country, industry,
            size::varchar, stated_source, CASE WHEN n % 7 = 0 THEN 'Yes' ELSE 'No' END,
            CASE WHEN has_budget THEN 'Yes' ELSE 'No' END, months::varchar,
            CASE WHEN graded > 0 AND graded < {seen} THEN score::varchar END, {moments},
            {_moment("updated", seen, last)}, CASE WHEN {IS_TWIN} AND {_MERGED} < {seen} THEN {HUB_TWIN} END, 2 * n AS k
        FROM (
            SELECT *, {_last(str(seen), *_LEAD_TIMES)} AS changed,
                greatest(changed, CASE WHEN {IS_TWIN} AND {_MERGED} < {seen} THEN {_MERGED} ELSE 0 END) AS updated
            FROM lead WHERE crm = 'hubspot' AND created < {seen}
        )
        WHERE updated >= {low}
        UNION ALL
        SELECT {HUB_TWIN}, split_part(contact, ' ', 1), split_part(contact, ' ', 2), {TWIN_EMAIL}, NULL, {_owner()},
            owner,
            'Subscriber', NULL, NULL, NULL, city, state, country, industry, NULL, NULL, 'No', NULL, NULL, NULL,
            {_moment("created + 7200", seen, last)}, {blank}, {_moment("created + 7200", seen, last)}, NULL, 2 * n + 1
        FROM lead l
        WHERE {IS_TWIN} AND created + 7200 BETWEEN {low} AND {seen} - 1 AND {_MERGED} >= {seen}
        ORDER BY k
    """


def company_sql(low: int, seen: int, last: date) -> str:
    """Companies (contacts that got a deal) created or changed from `low` to `seen`."""
    return f"""
        SELECT {HUB_COMPANY}, company, phone, (100 + n % 890)::varchar || ' Market Street', city, state, country,
            industry,
            size::varchar, (size * 120000)::varchar, 'Prospect', 'Customer', {_owner()}, owner, stated_source,
            {_moment("converted", seen, last)}, {_moment("updated", seen, last)}, NULL
        FROM (
            SELECT l.*, greatest(converted, coalesce(last_change, 0)) AS updated
            FROM lead l LEFT JOIN (
                SELECT lead AS n, max({_last(str(seen), "start", "deal_closed")}) AS last_change FROM deal GROUP BY lead
            ) c USING (n)
            WHERE crm = 'hubspot' AND converted > 0 AND converted < {seen}
        )
        WHERE updated >= {low}
        ORDER BY n
    """


def deal_sql(low: int, seen: int, last: date) -> str:
    """Deals created or changed from `low` to `seen`, with the times of their stages; later deals name no contact."""
    entered = ("start", "deal_needs", "deal_proposal", "won_at", "lost_at")
    stage = (
        f"CASE WHEN deal_closed < {seen} AND deal_is_won THEN 'Closed Won' "
        f"WHEN deal_closed < {seen} THEN 'Closed Lost' "
        f"WHEN deal_proposal > 0 AND deal_proposal < {seen} THEN 'Contract Sent' "
        f"WHEN deal_needs > 0 AND deal_needs < {seen} THEN 'Presentation Scheduled' ELSE 'Qualified To Buy' END"
    )
    return f"""
        SELECT {HUB_DEAL}, company || ' - ' || line, 'Sales Pipeline', stage, {cents("amount")}, 'USD',
            CASE stage WHEN 'Closed Won' THEN '1.0' WHEN 'Closed Lost' THEN '0.0' WHEN 'Contract Sent' THEN '0.5'
                WHEN 'Presentation Scheduled' THEN '0.3' ELSE '0.1' END,
            {_moment(f"CASE WHEN deal_closed < {seen} THEN deal_closed ELSE start + 40 * 86400 END", 1 << 40, last)},
            {_moment("start", seen, last)}, {_owner()}, owner,
            CASE WHEN stage = 'Closed Lost' THEN ['Price', 'Competitor', 'Project cancelled',
                'No budget'][1 + loss_reason] END,
            stated_source, {HUB_COMPANY}, CASE WHEN NOT is_repeat THEN {HUB_CONTACT} END,
            CASE through WHEN '直销' THEN 'Direct Sales' ELSE 'Partner' END, line, region,
            CASE WHEN has_cost THEN {cents("cost")} END,
            CASE WHEN stage = 'Closed Lost' THEN {list(STAGES[:3])}[1 + deal_lost_at] END,
            {", ".join(_moment(t, seen, last) for t in entered)}, {_moment("updated", seen, last)}
        FROM (
            SELECT *, {stage} AS stage, {_last(str(seen), *_DEAL_TIMES[:4])} AS updated,
                CASE WHEN deal_is_won THEN deal_closed ELSE 0 END AS won_at,
                CASE WHEN deal_is_won THEN 0 ELSE deal_closed END AS lost_at
            FROM deal WHERE crm = 'hubspot' AND start < {seen}
        )
        WHERE updated >= {low}
        ORDER BY d
    """


def ticket_sql(low: int, seen: int, last: date) -> str:
    """Tickets of customers who were won, opened or changed from `low` to `seen`."""
    return f"""
        SELECT (17000000001 + d * 10)::varchar, ['Delivery question', 'Machine does not heat',
            'Invoice is wrong'][1 + d % 3],
            'Please call ' || contact || ' at ' || phone || ' about order of ' || line || '.', 'Support Pipeline',
            CASE WHEN solved < {seen} THEN 'Closed' WHEN answered < {seen} THEN 'Waiting on contact' ELSE 'New' END,
            ['General Inquiry', 'Product Issue', 'Billing Issue'][1 + d % 3], ['Low', 'Medium', 'High',
                'Urgent'][1 + d % 4],
            ['Email', 'Form', 'Phone', 'Chat'][1 + d % 4], {_owner()}, owner, {HUB_COMPANY}, {HUB_CONTACT}, line,
            {", ".join(_moment(t, seen, last) for t in ("opened", "answered", "solved", "updated"))}
        FROM (
            SELECT *, {_last(str(seen), "opened", "answered", "solved")} AS updated
            FROM (
                SELECT *, deal_closed + 12 * 86400 AS opened, opened + 1200 + d % 11 * 1800 AS answered,
                    answered + 20000 + d % 5 * 50000 AS solved
                FROM deal WHERE crm = 'hubspot' AND deal_is_won
            )
            WHERE opened < {seen}
        )
        WHERE updated >= {low}
        ORDER BY d
    """


def write_period(outbox: Outbox, last: date, low: int, seen: int) -> None:
    """The four files of the half-year that ends with the day `last`, from second `low` to second `seen`."""
    for name, headings, sql in (
        ("contacts", CONTACTS, f"SELECT * EXCLUDE (k) FROM ({contact_sql(low, seen, last)})"),
        ("companies", COMPANIES, company_sql(low, seen, last)),
        ("deals", DEALS, deal_sql(low, seen, last)),
        ("tickets", TICKETS, ticket_sql(low, seen, last)),
    ):
        outbox.write_csv(
            "hubspot",
            name,
            f"{last:%Y}/hubspot-crm-exports-all-{name}-{last:%Y-%m-%d}.csv",
            headings,
            sql,
            next_day(last),
        )
