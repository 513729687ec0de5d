"""The ledger as first released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "build",
        sa.Column("build_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("as_of", sa.DateTime(), nullable=False),
        sa.Column("run_id", sa.String(length=60), nullable=True),
        sa.Column("code_version", sa.String(length=64), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("build_id", name=op.f("pk_build")),
    )
    op.create_table(
        "delivery",
        sa.Column(
            "delivery_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("source_system", sa.String(length=60), nullable=False),
        sa.Column("contract", sa.String(length=120), nullable=True),
        sa.Column("contract_version", sa.String(length=40), nullable=True),
        sa.Column("contract_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("state_at", sa.DateTime(), nullable=False),
        sa.Column("archived_as", sa.Text(), nullable=True),
        sa.Column("duplicate_of_seq", sa.BigInteger(), nullable=True),
        sa.Column("inbox_stamp", sa.String(length=60), nullable=True),
        sa.Column("run_id", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("delivery_seq", name=op.f("pk_delivery")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_delivery_delivery_id")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_state"), ["state"], unique=False)

    op.create_table(
        "lake_part",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("contract", sa.String(length=120), nullable=True),
        sa.Column("batch_id", sa.String(length=60), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("committed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_lake_part")),
    )
    with op.batch_alter_table("lake_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lake_part_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lake_part_entity"), ["entity"], unique=False)

    op.create_table(
        "run",
        sa.Column("run_id", sa.String(length=60), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("launched_by", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=True),
        sa.Column("as_of", sa.DateTime(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    op.create_table(
        "source_check",
        sa.Column("source_system", sa.String(length=60), nullable=False),
        sa.Column("contract", sa.String(length=120), nullable=False),
        sa.Column("checked_at", sa.DateTime(), nullable=False),
        sa.Column("last_received_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("source_system", "contract", name=op.f("pk_source_check")),
    )
    op.create_table(
        "delivery_entity",
        sa.Column("delivery_seq", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("entity_rows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_seq"], ["delivery.delivery_seq"], name=op.f("fk_delivery_entity_delivery_seq")
        ),
        sa.PrimaryKeyConstraint("delivery_seq", "part", "entity", name=op.f("pk_delivery_entity")),
    )
    op.create_table(
        "delivery_issue",
        sa.Column("delivery_seq", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.Column("column_name", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("effect", sa.String(length=20), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("first_record_number", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_seq"], ["delivery.delivery_seq"], name=op.f("fk_delivery_issue_delivery_seq")
        ),
        sa.PrimaryKeyConstraint(
            "delivery_seq", "part", "column_name", "reason", "effect", name=op.f("pk_delivery_issue")
        ),
    )
    op.create_table(
        "delivery_part",
        sa.Column("delivery_seq", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.Column("received_rows", sa.BigInteger(), nullable=False),
        sa.Column("accepted_rows", sa.BigInteger(), nullable=False),
        sa.Column("superseded_rows", sa.BigInteger(), nullable=False),
        sa.Column("rejected_rows", sa.BigInteger(), nullable=False),
        sa.Column("exact_duplicate_rows", sa.BigInteger(), nullable=False),
        sa.Column("declared_sums", sa.JSON(), nullable=True),
        sa.Column("unknown_columns", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_seq"], ["delivery.delivery_seq"], name=op.f("fk_delivery_part_delivery_seq")
        ),
        sa.PrimaryKeyConstraint("delivery_seq", "part", name=op.f("pk_delivery_part")),
    )
    op.create_table(
        "publication",
        sa.Column("publication_number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("build_id", sa.String(length=40), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.String(length=60), nullable=True),
        sa.Column("removed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["build_id"], ["build.build_id"], name=op.f("fk_publication_build_id")),
        sa.PrimaryKeyConstraint("publication_number", name=op.f("pk_publication")),
    )
    op.create_table(
        "quality_result",
        sa.Column("build_id", sa.String(length=40), nullable=False),
        sa.Column("suite", sa.String(length=120), nullable=False),
        sa.Column("expectation", sa.String(length=400), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("is_success", sa.Boolean(), nullable=False),
        sa.Column("has_raised", sa.Boolean(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=True),
        sa.Column("delivery_seqs", sa.JSON(), nullable=True),
        sa.Column("judged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["build_id"], ["build.build_id"], name=op.f("fk_quality_result_build_id")),
        sa.PrimaryKeyConstraint("build_id", "suite", "expectation", name=op.f("pk_quality_result")),
    )
    op.create_table(
        "stage_timing",
        sa.Column("run_id", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("wall_seconds", sa.Float(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_stage_timing_run_id")),
        sa.PrimaryKeyConstraint("run_id", "stage", name=op.f("pk_stage_timing")),
    )
    op.create_table(
        "verdict",
        sa.Column("build_id", sa.String(length=40), nullable=False),
        sa.Column("is_passed", sa.Boolean(), nullable=False),
        sa.Column("judged_at", sa.DateTime(), nullable=False),
        sa.Column("suites_hash", sa.String(length=64), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["build_id"], ["build.build_id"], name=op.f("fk_verdict_build_id")),
        sa.PrimaryKeyConstraint("build_id", name=op.f("pk_verdict")),
    )
