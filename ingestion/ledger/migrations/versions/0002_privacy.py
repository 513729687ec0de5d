"""Audit heads, key rotations, erasures and the files they replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column(
            "audit_number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("audit_number", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "key_rotation",
        sa.Column("rotation_number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_key", sa.String(length=40), nullable=False),
        sa.Column("to_key", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("rotation_number", name=op.f("pk_key_rotation")),
    )
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.String(length=40), nullable=False),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "erased_identifier",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("key_fingerprint", sa.String(length=16), nullable=False),
        sa.Column("identifier", sa.String(length=60), nullable=False),
        sa.Column("erasure_id", sa.String(length=40), nullable=False),
        sa.Column("anonymous_key", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.erasure_id"], name=op.f("fk_erased_identifier_erasure_id")),
        sa.PrimaryKeyConstraint("token", "key_fingerprint", name=op.f("pk_erased_identifier")),
    )
    op.create_table(
        "replaced_file",
        sa.Column("replacement_number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("former_path", sa.Text(), nullable=False),
        sa.Column("former_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("replaced_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("replacement_number", name=op.f("pk_replaced_file")),
    )
