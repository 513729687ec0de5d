"""What people did in the overseas CRM: contacts, campaigns and their members, tasks, cases, users, each half-year.

Belongs here: the form of these Data Loader files (as in `export_salesforce.py`; tasks come as UTF-16 with a byte order
mark) and what was done for the leads and deals of `business.py`. A record is written as it stood on the day of the
export; one campaign member was deleted and says so.
"""

from __future__ import annotations

from datetime import date

from ingestion.sample import words
from ingestion.sample.crm_keys import ACCOUNT_ID, CONTACT_ID, DEAL_ID, LEAD_ID, salesforce_id
from ingestion.sample.export_crm_cn import _last
from ingestion.sample.export_salesforce import _day, _owner, _utc
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.tables import cents

CONTACT = ("ID", "ISDELETED", "MASTERRECORDID", "ACCOUNTID", "LASTNAME", "FIRSTNAME", "NAME", "MAILINGSTREET",
           "MAILINGCITY", "MAILINGSTATE", "MAILINGPOSTALCODE", "MAILINGCOUNTRY", "PHONE", "EMAIL", "TITLE",
           "LEADSOURCE", "OWNERID", "HASOPTEDOUTOFEMAIL", "CREATEDDATE", "LASTMODIFIEDDATE",
           "SYSTEMMODSTAMP")  # fmt: skip
CAMPAIGN = ("ID", "ISDELETED", "NAME", "PARENTID", "TYPE", "STATUS", "STARTDATE", "ENDDATE", "BUDGETEDCOST",
            "ACTUALCOST", "ISACTIVE", "NUMBEROFLEADS", "OWNERID", "CREATEDDATE", "LASTMODIFIEDDATE", "SYSTEMMODSTAMP",
            "REGION__C", "OBJECTIVE__C")  # fmt: skip
MEMBER = ("ID", "ISDELETED", "CAMPAIGNID", "LEADID", "CONTACTID", "STATUS", "HASRESPONDED", "FIRSTRESPONDEDDATE",
          "CREATEDDATE", "LASTMODIFIEDDATE", "SYSTEMMODSTAMP", "NAME", "EMAIL", "PHONE", "CHANNEL__C", "ISOUTBOUND__C",
          "AUTOMATION__C", "EVENTCODE__C")  # fmt: skip
TASK = ("ID", "ISDELETED", "WHOID", "WHATID", "ACCOUNTID", "SUBJECT", "ACTIVITYDATE", "STATUS", "PRIORITY", "OWNERID",
        "DESCRIPTION", "TYPE", "TASKSUBTYPE", "ISCLOSED", "CALLDURATIONINSECONDS", "CALLTYPE", "CALLDISPOSITION",
        "COMPLETEDDATETIME", "CREATEDDATE", "LASTMODIFIEDDATE", "SYSTEMMODSTAMP", "STARTEDDATE__C", "DECIDEDDATE__C",
        "OUTCOME__C", "AMOUNT__C", "CITY__C", "ISFIRSTCONTACT__C", "ISMOBILE__C", "AUTOMATION__C")  # fmt: skip
CASE = ("ID", "ISDELETED", "CASENUMBER", "CONTACTID", "ACCOUNTID", "TYPE", "STATUS", "REASON", "ORIGIN", "SUBJECT",
        "PRIORITY", "DESCRIPTION", "ISCLOSED", "CLOSEDDATE", "OWNERID", "CREATEDDATE", "LASTMODIFIEDDATE",
        "SYSTEMMODSTAMP", "SUPPLIEDNAME", "SUPPLIEDEMAIL", "PRODUCTLINE__C", "FIRSTRESPONSEDATE__C",
        "SOLVEDDATE__C", "CALLEDBACKDATE__C")  # fmt: skip
USER = ("ID", "USERNAME", "LASTNAME", "FIRSTNAME", "NAME", "DEPARTMENT", "DIVISION", "TITLE", "EMAIL", "ALIAS",
        "ISACTIVE", "PROFILEID", "USERTYPE", "EMPLOYEENUMBER", "MANAGERID", "LASTLOGINDATE", "CREATEDDATE",
        "SYSTEMMODSTAMP")  # fmt: skip
_TYPES = "['Trade Show', 'Email', 'Referral Program']"
_OURS = "crm = 'salesforce'"
#: Quarter in which a lead came, as in 20261, and the campaign of that quarter.
_QUARTER = "(year(make_timestamp(created * 1000000)) * 10 + quarter(make_timestamp(created * 1000000)))"


def contact_sql(low: int, seen: int) -> str:
    """Contacts of the organisations that leads became."""
    return f"""
        SELECT {CONTACT_ID}, 'false', '', {ACCOUNT_ID}, split_part(contact, ' ', 2), split_part(contact, ' ', 1),
            contact,
            (100 + n % 890)::varchar || ' Market Street', city, state, '', country, phone, email, 'Buyer',
                stated_source,
            {_owner()}, CASE WHEN n % 9 = 0 THEN 'true' ELSE 'false' END, {_utc("converted", seen)},
            {_utc("converted", seen)}, {_utc("converted", seen)}
        FROM lead WHERE {_OURS} AND converted >= {low} AND converted > 0 AND converted < {seen}
        ORDER BY n
    """


def campaign_sql(low: int, seen: int) -> str:
    """Three campaigns a quarter, exported when the quarter began."""
    return f"""
        SELECT {salesforce_id("701", "q * 10 + kind")}, 'false',
            {_TYPES}[kind] || ' ' || (q // 10)::varchar || ' Q' || (q % 10)::varchar, '',
            {_TYPES}[kind], 'In Progress', first_day::varchar, last_day::varchar, '20000', '18500', 'true', '0',
            '{words.EMPLOYEES[0][8]}', {_utc("begun", seen)}, {_utc("begun", seen)}, {_utc("begun", seen)}, 'Overseas',
            ['Acquisition', 'Retention', 'Acquisition'][kind]
        FROM (
            SELECT DISTINCT q, UNNEST([1, 2, 3]) AS kind,
                make_date((q // 10)::integer, ((q % 10) * 3 - 2)::integer, 1) AS first_day,
                (first_day + INTERVAL 3 MONTH - INTERVAL 1 DAY)::date AS last_day, epoch(first_day)::bigint AS begun
            FROM (SELECT {_QUARTER} AS q FROM lead WHERE {_OURS})
        )
        WHERE begun >= {low} - 92 * 86400 AND begun < {seen}
        ORDER BY q, kind
    """


def member_sql(low: int, seen: int) -> str:
    """Leads that a trade show, a mailing or a referral brought, and those that a flow sends mails to."""
    kind = "CASE stated_source WHEN 'Trade Show' THEN 1 WHEN 'Email' THEN 2 ELSE 3 END"
    return f"""
        SELECT {salesforce_id("00v", "n * 10 + place")}, CASE WHEN n = gone THEN 'true' ELSE 'false' END,
            {salesforce_id("701", f"{_QUARTER} * 10 + kind")}, {LEAD_ID},
            CASE WHEN converted > 0 AND converted < {seen} THEN {CONTACT_ID} END,
            CASE WHEN place = 2 THEN 'Sent' WHEN kind = 1 THEN 'Attended' ELSE 'Responded' END,
            CASE WHEN place = 2 THEN 'false' ELSE 'true' END, CASE WHEN place = 1 THEN {_day("touched")} END,
            {_utc("touched", seen)}, {_utc("touched", seen)}, {_utc("updated", seen)}, contact, email, phone,
            ['event', 'email', 'referral'][kind], CASE WHEN kind = 2 THEN 'true' ELSE 'false' END,
            CASE WHEN place = 2 THEN 'Nurture flow' END, CASE WHEN kind = 1 THEN 'TS' || {_QUARTER}::varchar END
        FROM (
            SELECT *, CASE place WHEN 1 THEN created ELSE graded + 86400 END AS touched,
                {_last(str(seen), "touched", "converted")} AS updated,
                min(CASE WHEN place = 1 THEN n END) OVER () AS gone
            FROM (
                SELECT *, 1 AS place, {kind} AS kind FROM lead
                WHERE {_OURS} AND stated_source IN ('Trade Show', 'Email', 'Customer Referral')
                UNION ALL SELECT *, 2, 2 FROM lead WHERE {_OURS} AND graded > 0 AND score < 6
            )
        )
        WHERE touched < {seen} AND updated >= {low}
        ORDER BY n, place
    """


def task_sql(low: int, seen: int) -> str:
    """First calls and mails to leads; visits and proposals for deals, and what became of them."""
    lead = f"{LEAD_ID}, NULL, CASE WHEN converted > 0 AND converted < {seen} THEN {ACCOUNT_ID} END"
    deal = f"{CONTACT_ID}, {DEAL_ID}, {ACCOUNT_ID}"
    outcome = (
        f"CASE WHEN deal_closed >= {seen} THEN NULL WHEN deal_is_won THEN 'Accepted' "
        "WHEN deal_lost_at = 2 THEN 'Declined' END"
    )
    common = "owner, contact, phone, city"
    return f"""
        SELECT id, 'false', who, what, account, subject, {_day("started")}, 'Completed', 'Normal', {_owner()}, words,
            type,
            CASE type WHEN 'Call' THEN 'Call' WHEN 'Email' THEN 'Email' ELSE 'Task' END, 'true',
            CASE WHEN type = 'Call' THEN (60 + started % 900)::varchar END, CASE WHEN type = 'Call' THEN 'Outbound' END,
            CASE WHEN type = 'Call' THEN 'Reached' END, {_utc("started", seen)}, {_utc("started", seen)},
            {_utc("updated", seen)}, {_utc("updated", seen)}, {_utc("started", seen)},
            CASE WHEN outcome IS NOT NULL THEN {_utc("decided", seen)} END, outcome, amount,
            CASE WHEN type = 'Visit' THEN city END, is_first, CASE WHEN type = 'Visit' THEN 'true' ELSE 'false' END,
            CASE WHEN type = 'Email' AND started % 3 = 0 THEN 'Follow-up flow' END
        FROM (
            SELECT *, {_last(str(seen), "started", "decided")} AS updated FROM (
                SELECT {salesforce_id("00T", "n * 100 + 1")} AS id, {lead}, 'Call', 'Call' AS type, contacted
                    AS started, 0 AS decided,
                    'Spoke with ' || contact || ', call back at ' || phone AS words, NULL AS outcome, NULL AS amount,
                    'true' AS is_first, {common}
                FROM lead WHERE {_OURS} AND contacted > 0
                UNION ALL SELECT {salesforce_id("00T", "n * 100 + 2")}, {lead}, 'Email: our range', 'Email',
                    followed, 0,
                    'Sent the catalogue to ' || email, NULL, NULL, 'false', {common}
                FROM lead WHERE {_OURS} AND followed > 0
                UNION ALL SELECT {salesforce_id("00T", "900000000 + d * 10 + 1")}, {deal}, 'Visit at the customer',
                    'Visit', deal_needs, 0,
                    'Needs confirmed with ' || contact || '.', NULL, NULL, 'false', {common}
                FROM deal WHERE {_OURS} AND deal_needs > 0
                UNION ALL SELECT {salesforce_id("00T", "900000000 + d * 10 + 2")}, {deal}, 'Proposal sent',
                    'Proposal', deal_proposal,
                    CASE WHEN {outcome} IS NULL THEN 0 ELSE deal_closed END, NULL, {outcome}, {cents("amount")},
                        'false', {common}
                FROM deal WHERE {_OURS} AND deal_proposal > 0
            ) t(id, who, what, account, subject, type, started, decided, words, outcome, amount, is_first, {common})
        )
        WHERE started < {seen} AND updated >= {low}
        ORDER BY id
    """


def case_sql(low: int, seen: int) -> str:
    """Cases of customers who were won: questions, faults, complaints."""
    return f"""
        SELECT {salesforce_id("500", "d")}, 'false', lpad((1000 + d)::varchar, 8, '0'), {CONTACT_ID}, {ACCOUNT_ID},
            ['Question', 'Mechanical', 'Complaint'][1 + d % 3],
            CASE WHEN solved < {seen} THEN 'Closed' WHEN answered < {seen} THEN 'Working' ELSE 'New' END,
            ['Instructions not clear', 'Equipment design', 'Late delivery'][1 + d % 3], ['Phone', 'Email',
                'Web'][1 + d % 3],
            line || ': help needed', ['Low', 'Medium', 'High', 'Critical'][1 + d % 4],
            contact || ' wrote from ' || email || ' and asks for a call.', CASE WHEN solved < {seen} THEN 'true'
                ELSE 'false' END,
            {_utc("solved", seen)}, {_owner()}, {_utc("opened", seen)}, {_utc("updated", seen)},
                {_utc("updated", seen)},
            contact, email, line, {", ".join(_utc(t, seen) for t in ("answered", "solved", "called"))}
        FROM (
            SELECT *, {_last(str(seen), "opened", "answered", "solved", "called")} AS updated
            FROM (
                SELECT *, deal_closed + 15 * 86400 AS opened, opened + 1800 + d % 7 * 3600 AS answered,
                    answered + 40000 + d % 6 * 40000 AS solved, solved + 30 * 86400 AS called
                FROM deal WHERE {_OURS} AND deal_is_won AND d % 4 < 3
            )
            WHERE opened < {seen}
        )
        WHERE updated >= {low}
        ORDER BY d
    """


def user_sql(seen: int) -> str:
    """Everybody with an account, and the account of a program."""
    rows = [e for e in words.EMPLOYEES if e[8]]
    people = ", ".join(
        f"('{e[8]}', '{e[1]}', '{e[2]}', '{e[3]}', '{e[4]}', '{e[0]}', {n})" for n, e in enumerate(rows, 1)
    )
    moment = f"strftime(make_timestamp(({seen} - place * 36000)::bigint * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')"
    return f"""
        SELECT id, lower(number) || '@chengyuan.example', split_part(name, ' ', 2), split_part(name, ' ', 1), name,
            team, region, role, NULL, lower(number), 'true', '00e5g00000{"0" * 5}PrAAK', 'Standard', nullif(number,
                'API'), NULL,
            {moment}, '2020-01-06T08:00:00.000Z', {moment}
        FROM (VALUES {people}, ('005A0000001mpAPIAA', 'Shop Integration', '', '', '', 'API', 0))
            v(id, name, team, region, role, number, place)
        ORDER BY id
    """


def write_period(outbox: Outbox, last: date, low: int, seen: int) -> None:
    """The six files of the half-year that ends with the day `last`; `low` and `seen` are its first and end second."""
    for name, export, headings, sql in (
        ("Contact", "contact", CONTACT, contact_sql(low, seen)),
        ("Campaign", "campaign", CAMPAIGN, campaign_sql(low, seen)),
        ("CampaignMember", "campaign_member", MEMBER, member_sql(low, seen)),
        ("Task", "task", TASK, task_sql(low, seen)),
        ("Case", "case", CASE, case_sql(low, seen)),
        ("User", "user", USER, user_sql(seen)),
    ):
        is_wide = name == "Task"
        encoding = "utf-16-le" if is_wide else "utf-8" if name == "User" else "cp1252"
        outbox.write_csv(
            "salesforce", export, f"{last:%Y}/{name}_{last:%Y-%m-%d}.csv", headings, sql, next_day(last),
            encoding=encoding, quote_all=True, byte_order_mark=is_wide,
        )  # fmt: skip
