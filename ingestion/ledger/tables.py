"""The ledger's tables: deliveries, their accounting, lake parts, builds, verdicts, publications and timings.

Belongs here: the schema. Not here: queries (`ledger.py`), migrations (`migrations/`). No clear identifier is ever
written to these tables: file names are kept as received, since the inbox is the operator's to name.
All times are UTC, naive.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

delivery = Table(
    "delivery",
    metadata,
    # order of receipt, from 1; the lake's _delivery_seq
    Column("delivery_seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("delivery_id", String(40), nullable=False, unique=True),  # <system>-<first 12 of sha256>[-n]
    Column("source_system", String(60), nullable=False),
    Column("contract", String(120)),
    Column("contract_version", String(40)),
    Column("contract_fingerprint", String(64)),
    Column("file_name", Text, nullable=False),  # path below the system's folder
    Column("sha256", String(64), nullable=False, index=True),
    Column("byte_count", BigInteger, nullable=False),
    Column("encoding", String(40)),  # as decided on receipt: a Python codec; null for binary formats
    Column("state", String(20), nullable=False, index=True),  # received, checked, active, held, withdrawn, failed,
    #                                                           unrecognised, duplicate
    Column("state_reason", Text),
    Column("is_confirmed", Boolean, nullable=False, default=False),  # a person let it in despite its checks
    Column("received_at", DateTime, nullable=False),
    Column("state_at", DateTime, nullable=False),
    Column("archived_as", Text),  # path below archive/
    Column("duplicate_of_seq", BigInteger),
    Column("inbox_stamp", String(60)),  # size, time and node of the received file while it is still in the inbox
    Column("run_id", String(60)),
    Column("revision", Integer, nullable=False, default=0, server_default="0"),  # how often it was read again
    Column("rows_removed_at", DateTime),  # retention took its rows out of the lake; its units and accounting stay
    Column("archive_removed_at", DateTime),  # retention removed its archived file: it cannot be read again
)

delivery_part = Table(
    "delivery_part",
    metadata,
    Column("delivery_seq", BigInteger, ForeignKey("delivery.delivery_seq"), primary_key=True),
    Column("part", String(200), primary_key=True, default=""),
    Column("received_rows", BigInteger, nullable=False),
    Column("accepted_rows", BigInteger, nullable=False),
    Column("superseded_rows", BigInteger, nullable=False),
    Column("rejected_rows", BigInteger, nullable=False),
    Column("exact_duplicate_rows", BigInteger, nullable=False),
    Column("declared_sums", JSON),
    Column("unknown_columns", JSON),  # headings that the contract does not name
    Column("rows_above", Integer),  # rows of a sheet above its first record; null where records are no rows of a sheet
)

delivery_entity = Table(
    "delivery_entity",
    metadata,
    Column("delivery_seq", BigInteger, ForeignKey("delivery.delivery_seq"), primary_key=True),
    Column("part", String(200), primary_key=True, default=""),
    Column("entity", String(60), primary_key=True),
    Column("entity_rows", BigInteger, nullable=False),
)

delivery_issue = Table(
    "delivery_issue",
    metadata,
    # grouped findings: rejected records, values set missing, checks that failed; never a value
    Column("delivery_seq", BigInteger, ForeignKey("delivery.delivery_seq"), primary_key=True),
    Column("part", String(200), primary_key=True, default=""),
    Column("column_name", String(120), primary_key=True, default=""),
    Column("reason", String(80), primary_key=True),
    Column("effect", String(20), primary_key=True),  # rejected, missing, held, reported
    Column("row_count", BigInteger, nullable=False),
    Column("first_record_number", BigInteger),
    Column("detail", Text),
)

lake_part = Table(
    "lake_part",
    metadata,
    # a file of the lake that counts; files without a row here are swept at start
    Column("path", Text, primary_key=True),  # below the home
    Column("entity", String(60), nullable=False, index=True),
    Column("contract", String(120)),
    Column("batch_id", String(60), nullable=False, index=True),
    Column("row_count", BigInteger, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("committed_at", DateTime, nullable=False),
    Column("sha256", String(64)),  # of the file; null: written before hashes were kept
)

source_check = Table(
    "source_check",
    metadata,
    Column("source_system", String(60), primary_key=True),
    Column("contract", String(120), primary_key=True),
    Column("checked_at", DateTime, nullable=False),
    Column("last_received_at", DateTime),
)

source_pull = Table(
    "source_pull",
    metadata,
    # a database or API that the home declares: how far it was read, and how the last try went
    Column("source", String(120), primary_key=True),
    Column("contract", String(120), nullable=False),
    Column("cursor_kind", String(20)),  # timestamp, date, integer, number, text
    Column("cursor_text", Text),  # of the last committed delivery
    Column("tried_at", DateTime),
    Column("succeeded_at", DateTime),
    Column("failing_since", DateTime),
    Column("failure", Text),
    Column("last_rows", BigInteger),
    Column("last_sha256", String(64)),  # of what came last: the same again is nothing new
    Column("note", Text),
)

pulled_delivery = Table(
    "pulled_delivery",
    metadata,
    # the cursor that a delivery brings; it holds for its source once the delivery is committed
    Column("delivery_seq", BigInteger, ForeignKey("delivery.delivery_seq"), primary_key=True, autoincrement=False),
    Column("source", String(120), nullable=False, index=True),
    Column("cursor_kind", String(20)),
    Column("cursor_text", Text),
    Column("row_count", BigInteger, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("run_id", String(60), primary_key=True),
    Column("started_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("launched_by", String(40), nullable=False),  # command, sensor, schedule, ui
    Column("outcome", String(30)),  # published, nothing_new, gate_closed, failed
    Column("as_of", DateTime),
    Column("summary", JSON),
)

stage_timing = Table(
    "stage_timing",
    metadata,
    Column("run_id", String(60), ForeignKey("run.run_id"), primary_key=True),
    Column("stage", String(60), primary_key=True),
    Column("wall_seconds", Float, nullable=False),
    Column("row_count", BigInteger),
    Column("started_at", DateTime, nullable=False),
)

build = Table(
    "build",
    metadata,
    Column("build_id", String(40), primary_key=True),
    Column("created_at", DateTime, nullable=False),
    Column("as_of", DateTime, nullable=False),
    Column("run_id", String(60)),
    Column("code_version", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("content_hash", String(64), nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    Column("build_id", String(40), ForeignKey("build.build_id"), primary_key=True),
    Column("is_passed", Boolean, nullable=False),
    Column("judged_at", DateTime, nullable=False),
    Column("suites_hash", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),  # of the manifest that was judged
    Column("reason", Text),
)

quality_result = Table(
    "quality_result",
    metadata,
    Column("build_id", String(40), ForeignKey("build.build_id"), primary_key=True),
    Column("suite", String(120), primary_key=True),
    Column("expectation", String(400), primary_key=True),
    Column("severity", String(20), nullable=False),
    Column("is_success", Boolean, nullable=False),
    Column("has_raised", Boolean, nullable=False, default=False),
    Column("observed", Text),  # counts, never values
    Column("delivery_seqs", JSON),  # deliveries whose rows broke it
    Column("judged_at", DateTime, nullable=False),
)

kpi_version = Table(
    "kpi_version",
    metadata,
    # what a KPI meant since when; a changed definition, threshold, window or setting is a new version
    Column("kpi_id", String(120), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("valid_from", Date, nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of what makes it this version
    Column("name", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("domain", String(40), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("direction", String(20), nullable=False),
    Column("definition", Text, nullable=False),
    Column("formula", Text, nullable=False),
    Column("grains", String(120), nullable=False),
    Column("dimensions", Text, nullable=False),
    Column("time_basis", Text, nullable=False),
    Column("time_window", Text, nullable=False),
    Column("accumulates", Boolean, nullable=False),
    Column("owner", String(120), nullable=False),
    Column("green_threshold", Float),
    Column("yellow_threshold", Float),
    Column("reference", Text),
    Column("settings", Text, nullable=False),
)

publication = Table(
    "publication",
    metadata,
    Column("publication_number", Integer, primary_key=True, autoincrement=True),
    Column("version", String(40), nullable=False),  # folder below published/
    Column("build_id", String(40), ForeignKey("build.build_id"), nullable=False),
    Column("published_at", DateTime, nullable=False),
    Column("kind", String(20), nullable=False),  # publish, rollback
    Column("run_id", String(60)),
    Column("removed_at", DateTime),
)

audit_head = Table(
    "audit_head",
    metadata,
    # one row per line of the audit log: a log that was cut off at its end no longer has what stands here
    Column("audit_number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("record_hash", String(64), nullable=False),
    Column("written_at", DateTime, nullable=False),
)

key_rotation = Table(
    "key_rotation",
    metadata,
    Column("rotation_number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),  # encryption, token
    Column("from_key", String(40), nullable=False),  # versions, or the token key's fingerprint
    Column("to_key", String(40), nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("report", JSON),  # counts of files and values
)

erasure = Table(
    "erasure",
    metadata,
    Column("erasure_id", String(40), primary_key=True),
    Column("requested_at", DateTime, nullable=False),
    Column("completed_at", DateTime),
    Column("purpose", Text, nullable=False),
    Column("plan", Text),  # encrypted, while it is under way: what is to be replaced
    Column("report", JSON),  # counts by place, and of the second scan
)

erased_identifier = Table(
    "erased_identifier",
    metadata,
    # tokens of persons who were erased: their records become those of the anonymous customer when they come again
    Column("token", String(64), primary_key=True),
    Column("key_fingerprint", String(16), primary_key=True),  # of the token key that made it
    Column("identifier", String(60), nullable=False),
    Column("erasure_id", String(40), ForeignKey("erasure.erasure_id"), nullable=False),
    Column("anonymous_key", String(60), nullable=False),
)

replaced_file = Table(
    "replaced_file",
    metadata,
    # files written anew without a person, or under another key: hashes before and after
    Column("replacement_number", Integer, primary_key=True, autoincrement=True),
    Column("reason", String(60), nullable=False),  # erasure id, or rotation
    Column("path", Text, nullable=False),  # below the home
    Column("former_path", Text, nullable=False),
    Column("former_sha256", String(64), nullable=False),
    Column("sha256", String(64)),  # null: removed
    Column("replaced_at", DateTime, nullable=False),
)
