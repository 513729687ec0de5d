"""A person erased from everything that ingestion keeps, and kept out when the next export brings the record again."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from ingestion.contracts.model import (
    Column,
    Contract,
    ContractSet,
    FileFormat,
    FileRule,
    OnFail,
    PersonalData,
    Supersede,
    SupersedeBy,
    Target,
)
from ingestion.errors import MilepostError
from ingestion.identity.resolve import resolve_customers
from ingestion.ledger import tables
from ingestion.person import erase
from ingestion.person.erased import read_erased
from ingestion.person.find import find_by_id, find_by_identifier, find_by_key
from ingestion.person.verify import remains
from ingestion.privacy.crypt import open_decrypted
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault
from tests.ingestion_bench import KEYS, NOW, Bench

DIRECT, QUASI, TEXT = PersonalData.DIRECT, PersonalData.QUASI, PersonalData.FREE_TEXT
HEADINGS = "Order,Customer No,Name,Phone,E-mail,Born,Postcode,Amount,Note,Fax"
ANN = "O1,K7,Zhang Ann,13812345678,Ann@Example.com,1990-05-06,310012,120.50,call me: 13812345678,0571-88"
ANN_AGAIN = "O4,K7,Zhang Ann,13812345678,ann@example.com,1990-05-06,310012,30,,"
BOB = "O2,K8,Li Bob,13987654321,bob@example.org,1980-01-02,200001,10,friend of Ann 138-1234-5678,"
BOBS_NAMESAKE = "O3,K9,Zhang Ann,13700001111,other@example.org,1970-01-02,200002,5,,"


def contract() -> Contract:
    return Contract(
        id="crm.orders", system="crm", export="orders", version="1.0.0", title="Orders", description="", owner="test",
        path="", file=FileRule(FileFormat.CSV, re.compile(r".*\.csv")), columns=(
            Column("order_id", ("Order",), value_required=True),
            Column("customer_no", ("Customer No",)),
            Column("name", ("Name",), kind="name", personal_data=DIRECT, identifier="name"),
            Column("phone", ("Phone",), kind="phone", personal_data=DIRECT, identifier="phone", on_fail=OnFail.MISSING),
            Column("email", ("E-mail",), kind="email", personal_data=DIRECT, identifier="email"),
            Column("born", ("Born",), kind="birth_date", personal_data=QUASI, on_fail=OnFail.MISSING),
            Column("postcode", ("Postcode",), kind="postcode", personal_data=QUASI),
            Column("amount", ("Amount",), kind="money", minimum=0),
            Column("note", ("Note",), kind="free_text", personal_data=TEXT),
        ),
        targets=(
            Target("order", (
                ("order_id", "order_id"), ("source_customer_key", "customer_no"), ("total_amount", "amount"),
            )),
            Target("customer", (
                ("source_customer_key", "customer_no"), ("name_token", "name__token"), ("name_mask", "name__mask"),
                ("phone_token", "phone__token"), ("phone_mask", "phone__mask"), ("email_token", "email__token"),
                ("birth_year", "born__year"), ("postcode_area", "postcode__area"),
            ), distinct_by=("customer_no",)),
            Target("survey_response", (
                ("response_id", "order_id"), ("source_customer_key", "customer_no"), ("comment", "note"),
            )),
        ),
        supersede=Supersede(SupersedeBy.KEY, unit=("order_id",), key=("order_id",)), phone_region="CN",
        time_zone="Asia/Shanghai", fingerprint="f1",
    )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "home", (contract(),))
    bench.drop("a.csv", "\n".join([HEADINGS, ANN, BOB, BOBS_NAMESAKE]) + "\n", "crm")
    bad = ANN.replace("O1", "O9").replace("120.50", "-1")
    good = [f"P{n},Q{n},Some {chr(65 + n)}b,,q{n}@example.org,,,1,," for n in range(24)]
    bench.drop("b.csv", "\n".join([HEADINGS, *good, bad]) + "\n", "crm")
    bench.ingest()
    resolve_customers(bench.home, bench.ledger, KEYS, NOW)
    return bench


def vault(bench: Bench) -> Vault:
    return Vault(bench.home.vault, KEYS)


def carry_out(bench: Bench, plan: erase.Plan) -> dict[str, int]:
    return erase.carry_out(
        bench.home, bench.ledger, vault(bench), KEYS, ContractSet(bench.contracts), plan, NOW, lambda *_: {}
    )


def erase_ann(bench: Bench) -> tuple[erase.Plan, dict[str, int]]:
    person = find_by_key(bench.home, vault(bench), "crm", "K7")
    plan = erase.begin(bench.home, bench.ledger, vault(bench), KEYS, person, "requested", NOW)
    return plan, carry_out(bench, plan)


def left(bench: Bench, plan: erase.Plan) -> dict[str, int]:
    return remains(bench.home, bench.ledger, vault(bench), KEYS, ContractSet(bench.contracts), plan)


def archived(bench: Bench, name: str) -> str:
    (delivery,) = [d for d in bench.deliveries() if d.file_name == name]
    with open_decrypted(bench.home.archive / str(delivery.archived_as), KEYS) as file:
        return file.read().decode()


def test_a_person_is_found_by_key_id_and_identifier(bench: Bench) -> None:
    ann = find_by_key(bench.home, vault(bench), "crm", "K7")
    assert ann.records == (("crm", "K7"),)
    assert {(t.identifier, t.is_shared) for t in ann.tokens} == {("name", True), ("phone", False), ("email", False)}
    assert find_by_id(bench.home, vault(bench), str(ann.customer_id)) == ann
    assert find_by_identifier(bench.home, vault(bench), KEYS, "138 1234 5678") == [ann]
    assert len(find_by_identifier(bench.home, vault(bench), KEYS, "zhang  ann")) == 2
    assert find_by_identifier(bench.home, vault(bench), KEYS, "13800000000") == []
    with pytest.raises(MilepostError, match="no such customer"):
        find_by_id(bench.home, vault(bench), "c_nobody")


def test_full_values_of_quasi_identifiers_are_in_the_vault_under_the_record(bench: Bench) -> None:
    assert vault(bench).quasi_values(["crm|K7"]) == [
        ("birth_date", "crm|K7", "1990-05-06"),
        ("postcode", "crm|K7", "310012"),
    ]
    assert "birth_date" not in vault(bench).identifiers()


def test_erased_everywhere_and_the_sums_stay(bench: Bench) -> None:
    sums = bench.rows("order", "sum(total_amount), count(distinct source_customer_key), count(*)")
    plan, report = erase_ann(bench)
    assert left(bench, plan) == {}
    assert bench.rows("order", "sum(total_amount), count(distinct source_customer_key), count(*)") == sums
    assert report["archive_records"] == 3  # hers, the rejected one, and her number in another's note
    assert report["rejected_records"] == 1
    assert "138" not in archived(bench, "a.csv").replace("0138", "") or "13812345678" not in archived(bench, "a.csv")
    lines = archived(bench, "a.csv").splitlines()
    assert lines[0] == HEADINGS and lines[3] == BOBS_NAMESAKE
    assert lines[2] == BOB.replace("138-1234-5678", "")
    new_key = plan.keys[0][2]
    assert lines[1] == f"O1,{new_key},,,,,,120.50,,"
    # the namesake's name stays readable
    (token,) = bench.rows("customer", "name_token", "source_customer_key = 'K9'")[0]
    assert vault(bench).reveal([token]) == {token: "Zhang Ann"}
    # the erased customer's row says nothing any more
    row = bench.rows("customer", "name_token, name_mask, phone_mask, birth_year", f"source_customer_key = '{new_key}'")
    assert row == [(None, None, None, None)]
    assert vault(bench).quasi_values(["crm|K7"]) == []
    links = duckdb.sql(f"from '{bench.home.entity('customer_link')}/*.parquet'").fetchall()
    assert plan.new_customer_id in {row[2] for row in links} and plan.customer_id not in {row[2] for row in links}


def test_before_erasing_the_second_scan_finds_everything(bench: Bench) -> None:
    plan = erase.make_plan(bench.home, vault(bench), KEYS, find_by_key(bench.home, vault(bench), "crm", "K7"))
    found = left(bench, plan)
    assert {"vault values", "lake rows", "rejected records", "archived records"} <= set(found)


@pytest.mark.parametrize("place", ["exchange", "rewrite_in_place", "rewrite_archived", "_remove_warehouse"])
def test_killed_half_way_and_run_again_completes(bench: Bench, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erase, place, killed)
        with pytest.raises(KeyboardInterrupt):
            erase_ann(bench)
    (plan,) = erase.unfinished(bench.ledger, KEYS)
    carry_out(bench, plan)
    assert left(bench, plan) == {}
    erase.complete(bench.ledger, plan, {}, NOW)
    assert erase.unfinished(bench.ledger, KEYS) == []
    with bench.ledger.connect() as connection:
        assert connection.execute(tables.erasure.select()).one().plan is None


def test_stays_erased_when_the_next_export_brings_the_record_again(bench: Bench) -> None:
    plan, _ = erase_ann(bench)
    new_key = plan.keys[0][2]
    other_key = "O5,K77,A. Zhang,+8613812345678,,,,7,,"  # a new record, known by its phone number
    bench.drop("c.csv", "\n".join([HEADINGS, ANN_AGAIN, other_key, BOB.replace("O2", "O6")]) + "\n", "crm")
    bench.ingest()
    assert left(bench, plan) == {}
    assert bench.rows("order", "total_amount", f"source_customer_key = '{new_key}' and order_id = 'O4'") == [(30,)]
    assert vault(bench).quasi_values(["crm|K7"]) == []
    assert bench.rows("customer", "phone_mask", "source_customer_key = 'K77'") == [(None,)]
    again = archived(bench, "c.csv")
    assert "13812345678" not in again and "K7," not in again and "O6,K8,Li Bob" in again
    token = bench.rows("customer", "phone_token", f"source_customer_key = '{new_key}'")
    assert len(set(token)) == 1  # the same other token: still one customer


def test_the_list_is_compared_under_the_key_it_was_made_with(bench: Bench) -> None:
    erase_ann(bench)
    with pytest.raises(MilepostError, match="former_token_keys"):
        read_erased(bench.ledger, Keys(b"n" * 32, {1: b"e" * 32}))
    after = replace(KEYS, token_key=b"n" * 32, former_token_keys=(KEYS.token_key,))
    erased = read_erased(bench.ledger, after)
    assert erased.match_subjects([("crm", "K7"), ("crm", "K8")]).keys() == {("crm", "K7")}


def test_what_was_replaced_is_recorded_with_both_hashes(bench: Bench) -> None:
    plan, _ = erase_ann(bench)
    with bench.ledger.connect() as connection:
        rows = connection.execute(tables.replaced_file.select()).all()
    assert {row.reason for row in rows} == {plan.erasure_id}
    archive = [row for row in rows if row.path.startswith("archive/")]
    assert len(archive) == 2 and all(row.sha256 and row.sha256 != row.former_sha256 for row in archive)
    for path in bench.home.lake.glob("order/*.parquet"):
        assert "K7" not in pq.read_table(path)["source_customer_key"].to_pylist()
