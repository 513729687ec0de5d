"""Exports of the overseas CRM: accounts, leads, opportunities and their history, each half-year what is new or changed.

Belongs here: the form of Data Loader files: upper-case headings, every cell quoted, 18-character ids, times ending in
Z, Windows-1252. A record is written as it stood on the day of the export; one account was deleted and says so.
"""

from __future__ import annotations

from datetime import date

from ingestion.sample import words
from ingestion.sample.crm_keys import ACCOUNT_ID, DEAL_ID, LEAD_ID, salesforce_id
from ingestion.sample.export_crm_cn import _DEAL_TIMES, _LEAD_TIMES, _last
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.tables import cents

ACCOUNT = ("ID", "ISDELETED", "MASTERRECORDID", "NAME", "TYPE", "BILLINGSTREET", "BILLINGCITY", "BILLINGSTATE",
           "BILLINGPOSTALCODE", "BILLINGCOUNTRY", "PHONE", "INDUSTRY", "ANNUALREVENUE", "NUMBEROFEMPLOYEES", "OWNERID",
           "CREATEDDATE", "LASTMODIFIEDDATE", "SYSTEMMODSTAMP")  # fmt: skip
LEAD = ("ID", "ISDELETED", "NAME", "COMPANY", "PHONE", "EMAIL", "CITY", "STATE", "COUNTRY", "LEADSOURCE", "STATUS",
        "INDUSTRY", "NUMBEROFEMPLOYEES", "OWNERID", "ISCONVERTED", "CONVERTEDDATE", "CONVERTEDACCOUNTID",
        "CONVERTEDOPPORTUNITYID", "CREATEDDATE", "LASTMODIFIEDDATE", "SYSTEMMODSTAMP", "ISVALID__C", "HASBUDGET__C",
        "ISDECISIONMAKER__C", "PURCHASEMONTHS__C", "LEADSCORE__C", "ASSIGNEDDATE__C", "GRADEDDATE__C",
        "FIRSTCONTACTEDDATE__C", "FOLLOWEDUPDATE__C")  # fmt: skip
OPPORTUNITY = ("ID", "ISDELETED", "ACCOUNTID", "NAME", "DESCRIPTION", "STAGENAME", "AMOUNT", "PROBABILITY",
               "EXPECTEDREVENUE", "CLOSEDATE", "TYPE", "NEXTSTEP", "LEADSOURCE", "ISCLOSED", "ISWON",
               "FORECASTCATEGORY", "OWNERID", "CREATEDDATE", "LASTMODIFIEDDATE", "SYSTEMMODSTAMP", "LEADID__C",
               "CHANNEL__C", "PRODUCTLINE__C", "REGION__C", "COST__C", "LOSTFROMSTAGE__C", "LOSSREASON__C")  # fmt: skip
HISTORY = ("ID", "ISDELETED", "OPPORTUNITYID", "CREATEDBYID", "CREATEDDATE", "STAGENAME", "AMOUNT", "PROBABILITY",
           "SYSTEMMODSTAMP")  # fmt: skip
STAGES = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Closed Won", "Closed Lost")
_REASONS = ["Price", "Competitor", "Project cancelled", "No budget"]


def _owner() -> str:
    keys = {e[0]: e[8] for e in words.EMPLOYEES if e[8]}
    return "CASE owner " + " ".join(f"WHEN '{k}' THEN '{v}'" for k, v in keys.items()) + " END"


def _utc(seconds: str, seen: int) -> str:
    text = f"strftime(make_timestamp({seconds} * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')"
    return f"CASE WHEN {seconds} > 0 AND {seconds} < {seen} THEN {text} END"


def _day(seconds: str) -> str:
    return f"strftime(make_timestamp({seconds} * 1000000), '%Y-%m-%d')"


def account_sql(low: int, seen: int) -> str:
    return f"""
        SELECT {ACCOUNT_ID}, CASE WHEN n = gone THEN 'true' ELSE 'false' END, '', company, 'Customer',
            (100 + n % 890)::varchar || ' Market Street', city, state, '', country, phone, industry,
            (size * 120000)::varchar, size::varchar, {_owner()}, {_utc("converted", seen)}, {_utc("updated", seen)},
            {_utc("updated", seen)}
        FROM (
            SELECT l.*, greatest(converted, coalesce(last_change, 0)) AS updated,
                (SELECT min(n) FROM lead WHERE crm = 'salesforce' AND converted > 0
                    AND n NOT IN (SELECT lead FROM deal WHERE deal_is_won)) AS gone
            FROM lead l LEFT JOIN (
                SELECT lead AS n, max({_last(str(seen), "start", "deal_closed")}) AS last_change FROM deal GROUP BY lead
            ) c USING (n)
            WHERE crm = 'salesforce' AND converted > 0 AND converted < {seen}
        )
        WHERE updated >= {low}
        ORDER BY n
    """


def lead_sql(low: int, seen: int) -> str:
    return f"""
        SELECT {LEAD_ID}, 'false', contact, company, phone, email, city, state, country, stated_source,
            CASE WHEN converted > 0 AND converted < {seen} THEN 'Closed - Converted'
                WHEN closed > 0 AND closed < {seen} THEN 'Closed - Not Converted'
                WHEN graded > 0 AND graded < {seen} THEN CASE WHEN score >= 6 THEN 'Qualified' ELSE 'Nurturing' END
                WHEN contacted > 0 AND contacted < {seen} THEN 'Working - Contacted' ELSE 'Open - Not Contacted' END,
            industry, size::varchar, {_owner()},
            CASE WHEN converted > 0 AND converted < {seen} THEN 'true' ELSE 'false' END,
            CASE WHEN converted > 0 AND converted < {seen} THEN {_day("converted")} END,
            CASE WHEN converted > 0 AND converted < {seen} THEN {ACCOUNT_ID} END,
            CASE WHEN converted > 0 AND converted < {seen} THEN first_deal END,
            {_utc("created", seen)}, {_utc("updated", seen)}, {_utc("updated", seen)},
            CASE WHEN closed > 0 AND closed < {seen} THEN 'false' ELSE 'true' END,
            CASE WHEN has_budget THEN 'true' ELSE 'false' END, CASE WHEN is_decider THEN 'true' ELSE 'false' END,
            months::varchar, CASE WHEN graded > 0 AND graded < {seen} THEN score::varchar END,
            {", ".join(_utc(t, seen) for t in ("assigned", "graded", "contacted", "followed"))}
        FROM (
            SELECT l.*, {salesforce_id("006", "f.d")} AS first_deal, {_last(str(seen), *_LEAD_TIMES)} AS updated
            FROM lead l LEFT JOIN (SELECT lead AS n, d FROM deal WHERE NOT is_repeat) f USING (n)
            WHERE crm = 'salesforce' AND created < {seen}
        )
        WHERE updated >= {low}
        ORDER BY n
    """


def opportunity_sql(low: int, seen: int) -> str:
    stage = (
        f"CASE WHEN deal_closed < {seen} AND deal_is_won THEN 'Closed Won' "
        f"WHEN deal_closed < {seen} THEN 'Closed Lost' "
        f"WHEN deal_proposal > 0 AND deal_proposal < {seen} THEN 'Proposal/Price Quote' "
        f"WHEN deal_needs > 0 AND deal_needs < {seen} THEN 'Needs Analysis' ELSE 'Qualification' END"
    )
    return f"""
        SELECT {DEAL_ID}, 'false', {ACCOUNT_ID}, company || ' - ' || line, '', stage, {cents("amount")},
            chance::varchar, {cents("amount * chance // 100")},
            CASE WHEN deal_closed < {seen} THEN {_day("deal_closed")} ELSE {_day("(start + 40 * 86400)")} END,
            CASE WHEN is_repeat THEN 'Existing Business' ELSE 'New Business' END, '', stated_source,
            CASE WHEN deal_closed < {seen} THEN 'true' ELSE 'false' END,
            CASE WHEN stage = 'Closed Won' THEN 'true' ELSE 'false' END,
            CASE WHEN stage LIKE 'Closed%' THEN 'Closed' ELSE 'Pipeline' END, {_owner()},
            {_utc("start", seen)}, {_utc("updated", seen)}, {_utc("updated", seen)},
            CASE WHEN NOT is_repeat THEN {LEAD_ID} END,
            CASE through WHEN '直销' THEN 'Direct Sales' ELSE 'Partner' END, line, region,
            CASE WHEN has_cost THEN {cents("cost")} END,
            CASE WHEN stage = 'Closed Lost' THEN {list(STAGES[:3])}[1 + deal_lost_at] END,
            CASE WHEN stage = 'Closed Lost' THEN {_REASONS}[1 + loss_reason] END
        FROM (
            SELECT *, {stage} AS stage, {_last(str(seen), *_DEAL_TIMES[:4])} AS updated,
                CASE {stage} WHEN 'Qualification' THEN 10 WHEN 'Needs Analysis' THEN 30
                    WHEN 'Proposal/Price Quote' THEN 50 WHEN 'Closed Won' THEN 100 ELSE 0 END AS chance
            FROM deal WHERE crm = 'salesforce' AND start < {seen}
        )
        WHERE updated >= {low}
        ORDER BY d
    """


def history_sql(low: int, seen: int) -> str:
    return f"""
        SELECT {salesforce_id("008", "d * 10 + step")}, 'false', {DEAL_ID}, {_owner()}, {_utc("entered", seen)}, stage,
            {cents("amount")}, chance::varchar, {_utc("entered", seen)}
        FROM (
            SELECT d, owner, amount, UNNEST([1, 2, 3, 4]) AS step,
                UNNEST([start, deal_needs, deal_proposal, deal_closed]) AS entered,
                UNNEST(['Qualification', 'Needs Analysis', 'Proposal/Price Quote',
                    CASE WHEN deal_is_won THEN 'Closed Won' ELSE 'Closed Lost' END]) AS stage,
                UNNEST([10, 30, 50, CASE WHEN deal_is_won THEN 100 ELSE 0 END]) AS chance
            FROM deal WHERE crm = 'salesforce'
        )
        WHERE entered > 0 AND entered >= {low} AND entered < {seen}
        ORDER BY d, step
    """


def write_period(outbox: Outbox, last: date, low: int, seen: int) -> None:
    """The four files of the half-year that ends with the day `last`; `low` and `seen` are its first and end second."""
    for name, export, headings, sql in (
        ("Account", "account", ACCOUNT, account_sql(low, seen)),
        ("Lead", "lead", LEAD, lead_sql(low, seen)),
        ("Opportunity", "opportunity", OPPORTUNITY, opportunity_sql(low, seen)),
        ("OpportunityHistory", "opportunity_history", HISTORY, history_sql(low, seen)),
    ):
        outbox.write_csv(
            "salesforce", export, f"{last:%Y}/{name}_{last:%Y-%m-%d}.csv", headings, sql, next_day(last),
            encoding="cp1252", quote_all=True,
        )  # fmt: skip


def write_loader_log(outbox: Outbox, last: date) -> None:
    """A log that the loader left among the exports: no contract knows it, it is kept and reported."""
    written = outbox.write_csv(
        "salesforce", "", f"{last:%Y}/error_{last:%Y-%m-%d}.csv", ("ID", "NAME", "ERROR"),
        "SELECT '', 'Sample', 'Required fields are missing' FROM range(2)", next_day(last), quote_all=True,
    )  # fmt: skip
    written.expected_state = "unrecognised"
