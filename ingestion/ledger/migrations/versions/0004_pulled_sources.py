"""Sources that are pulled: how far each was read, and what each of its deliveries brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    op.create_table(
        "source_pull",
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("contract", sa.String(length=120), nullable=False),
        sa.Column("cursor_kind", sa.String(length=20), nullable=True),
        sa.Column("cursor_text", sa.Text(), nullable=True),
        sa.Column("tried_at", sa.DateTime(), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(), nullable=True),
        sa.Column("failing_since", sa.DateTime(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("last_rows", sa.BigInteger(), nullable=True),
        sa.Column("last_sha256", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_pull")),
    )
    op.create_table(
        "pulled_delivery",
        sa.Column("delivery_seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("cursor_kind", sa.String(length=20), nullable=True),
        sa.Column("cursor_text", sa.Text(), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_seq"], ["delivery.delivery_seq"], name=op.f("fk_pulled_delivery_delivery_seq")
        ),
        sa.PrimaryKeyConstraint("delivery_seq", name=op.f("pk_pulled_delivery")),
    )
    with op.batch_alter_table("pulled_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pulled_delivery_source"), ["source"], unique=False)
