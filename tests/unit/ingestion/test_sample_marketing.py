"""The sample company's ads, social media, web and listening: parts that agree with each other and with the truth."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from ingestion.home import Home
from ingestion.sample import write_sample
from ingestion.sample.export_listening import CRISIS_HOURS, CRISIS_LEAST, OWN_BRAND


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("marketing"))
    write_sample(home, "tiny", 5)
    return home


def records(path: Path, encoding: str = "utf-8-sig", skip: int = 0) -> list[dict[str, str]]:
    text = path.read_text(encoding=encoding).split("\n", skip)[skip]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def all_records(home: Home, pattern: str, encoding: str = "utf-8-sig", skip: int = 0) -> list[dict[str, str]]:
    paths = sorted(home.inbox.glob(pattern))
    assert paths, f"the sample company wrote no {pattern}"
    return [record for path in paths for record in records(path, encoding, skip)]


@pytest.fixture(scope="module")
def planted(home: Home) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(home.truth / "free_text.parquet").to_pylist()
    return rows


def test_planted_identifiers_stand_where_the_truth_says(planted: list[dict[str, Any]]) -> None:
    classes: Counter[str] = Counter()
    for row in planted:
        for span in row["spans"]:
            assert row["text"][span["start"] : span["end"]] == span["value"]
            classes[span["class"]] += 1
    assert set(classes) >= {"name", "phone", "email", "national_id", "address", "account"}
    assert min(classes.values()) > 5
    without = sum(not row["spans"] for row in planted)
    assert 0.4 < without / len(planted) < 0.9


def test_planted_ids_have_their_check_character(planted: list[dict[str, Any]]) -> None:
    ids = [s["value"] for row in planted for s in row["spans"] if s["class"] == "national_id"]
    assert ids
    for value in ids:  # ISO 7064 MOD 11-2: the weighted digits, the check character among them, leave 1
        digits = [10 if character == "X" else int(character) for character in value]
        assert sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11 == 1


def test_planted_texts_are_those_of_the_exports(home: Home, planted: list[dict[str, Any]]) -> None:
    stated = {r["record_key"]: r["text"] for r in planted if (r["source_system"], r["export"]) == ("weibo", "mentions")}
    exported = {
        r["微博ID"].removeprefix('="').removesuffix('"'): r["微博内容"]
        for r in all_records(home, "weibo/*/微博提及*.csv")
        if "-02-30" not in r["发布时间"]
    }
    assert exported == stated


def test_what_is_said_turns_bad_while_machines_leak(home: Home) -> None:
    """The planted batch of leaking machines: own mentions of those days are worse than the others."""
    anomalies = json.loads((home.truth / "anomalies.json").read_text(encoding="utf-8"))
    (bad,) = [a for a in anomalies if a["anomaly_id"] == "bad_batch"]
    judged: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for path in sorted(home.inbox.glob("media_monitor/*/*.xlsx")):
        rows = list(openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True))
        headings = rows[1]
        for row in rows[2:]:
            said = dict(zip(headings, row, strict=False))  # empty cells at the end are left out
            if said["品牌"] == OWN_BRAND:
                day = str(said["发布时间"])[:10].replace("/", "-")
                judged[bad["first_day"] <= day <= bad["last_day"]][str(said["情感属性"])] += 1
    shares = {within: counts["负面"] / counts.total() for within, counts in judged.items()}
    assert shares[True] > 2 * shares[False]


def test_the_crisis_goes_round_in_two_days_and_is_about_the_own_brand(home: Home) -> None:
    """Its texts stand in the exports of the days after the bad batch began, and are judged bad there too."""
    anomalies = json.loads((home.truth / "anomalies.json").read_text(encoding="utf-8"))
    (bad,) = [a for a in anomalies if a["anomaly_id"] == "bad_batch"]
    truth = pq.read_table(home.truth / "mentions.parquet").to_pylist()
    crisis = [row for row in truth if row["is_crisis"]]
    assert len(crisis) >= CRISIS_LEAST
    assert {(row["brand"], row["sentiment"]) for row in crisis} == {(OWN_BRAND, -1)}
    hours = [(row["mentioned_at"] - crisis[0]["mentioned_at"]).total_seconds() / 3600 for row in crisis]
    assert max(hours) <= CRISIS_HOURS
    assert sum(hour < CRISIS_HOURS / 2 for hour in hours) > len(hours) / 2  # it dies down
    assert crisis[0]["mentioned_at"].date().isoformat() > bad["first_day"]
    exported = {
        r["微博ID"].removeprefix('="').removesuffix('"'): r["情感"]
        for r in all_records(home, "weibo/*/微博提及*.csv")
        if "-02-30" not in r["发布时间"]
    }
    words = {1: "正面", 0: "中性", -1: "负面"}
    weibo = {row["mention_id"]: words[row["sentiment"]] for row in truth if row["source_system"] == "weibo"}
    assert exported == weibo


def test_paid_authors_bring_visits(home: Home) -> None:
    """What is paid for carries a campaign that sessions come by; nobody is paid for a complaint."""
    paid: list[tuple[str, str]] = []
    for path in sorted(home.inbox.glob("media_monitor/*/*.xlsx")):
        rows = list(openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True))
        said = [dict(zip(rows[1], row, strict=False)) for row in rows[2:]]
        paid += [(str(r["utm_campaign"]), str(r["品牌"])) for r in said if r.get("合作费用") is not None]
    assert paid
    assert {brand for _, brand in paid} == {OWN_BRAND}
    visits = Counter(r["Session campaign"] for r in all_records(home, "web_analytics/*/sessions_*.csv", skip=5))
    assert all(visits[campaign] for campaign, _ in paid)


def test_page_views_are_those_of_their_sessions(home: Home) -> None:
    sessions = {r["Session ID"]: r for r in all_records(home, "web_analytics/*/sessions_*.csv", skip=5)}
    views: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in all_records(home, "web_analytics/*/page_views_*.csv", skip=5):
        views[row["Session ID"]].append(row)
    assert set(views) == set(sessions)
    for key, rows in views.items():
        session = sessions[key]
        assert len(rows) == int(session["Views"])
        assert rows[0]["Page path"].split("?")[0] == session["Landing page"]
        assert [r["Is exit"] for r in rows] == ["false"] * (len(rows) - 1) + ["true"]
        seconds = sum(h * 3600 + m * 60 + s for h, m, s in (map(int, r["Time on page"].split(":")) for r in rows))
        assert seconds == int(session["User engagement (seconds)"])


def test_the_sums_of_baidu_are_those_of_the_sessions(home: Home) -> None:
    sessions = all_records(home, "web_analytics/*/sessions_*.csv", skip=5)
    rows = [r for r in all_records(home, "web_analytics/*/来源报告*.csv", "gb18030") if r["日期"] != "合计"]
    assert sum(int(r["访问次数"]) for r in rows) == len(sessions)
    assert sum(int(r["浏览量(PV)"]) for r in rows) == sum(int(r["Views"]) for r in sessions)


def test_visits_name_campaigns_of_the_platform_they_came_from(home: Home) -> None:
    sources: dict[str, set[str]] = defaultdict(set)
    for row in all_records(home, "web_analytics/*/sessions_*.csv", skip=5):
        sources[row["Session campaign"][:2]].add(row["Session source"])
    expected = {"O-": {"ocean_engine"}, "T-": {"tencent"}, "L-": {"linkedin"}, "M-": {"facebook"}, "G-": {"google"}}
    assert {prefix: sources[prefix] for prefix in expected} == expected


def test_wecom_contacts_are_linked_as_the_truth_says(home: Home) -> None:
    rows = pq.read_table(home.truth / "identities.parquet").to_pylist()
    contacts = {r["source_key"]: r for r in rows if r["source_system"] == "wecom"}
    exported = set()
    for path in sorted(home.inbox.glob("wecom/*/客户列表*.xlsx")):
        exported |= {str(row[1]) for row in list(openpyxl.load_workbook(path).worksheets[0].values)[2:]}
    assert exported == set(contacts) and len(contacts) > 20
    phones: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["source_system"] != "wecom":
            phones[row["person_id"]].add(row["phone"])
    for contact in contacts.values():
        assert (contact["linked_by"] == "phone") == (contact["phone"] in phones[contact["person_id"]])


def test_no_follower_is_lost_between_days(home: Home) -> None:
    rows = all_records(home, "wechat/*/用户分析*.csv", "gb18030")
    days = [r for r in rows if r["累积关注人数"] != "100"]  # the record that somebody typed
    assert len(rows) > len(days) > 200
    for before, after in itertools.pairwise(days):
        assert int(after["累积关注人数"]) == int(before["累积关注人数"]) + int(after["净增关注人数"])


def test_no_message_is_opened_that_was_not_delivered(home: Home) -> None:
    events: dict[str, set[str]] = defaultdict(set)
    for row in all_records(home, "email_platform/*/*.csv"):
        events[row["Message ID"]].add(row["Event"])
    for kinds in events.values():
        assert "sent" in kinds
        assert ("delivered" in kinds) != ("bounced" in kinds)
        assert "delivered" in kinds or not kinds & {"open", "click", "unsubscribe"}
        assert "open" in kinds or "click" not in kinds
