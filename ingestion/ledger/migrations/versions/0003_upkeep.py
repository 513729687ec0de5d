"""Deliveries that were read again or put away, and the hash of every file of the lake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("rows_removed_at", sa.DateTime(), nullable=True))
    op.add_column("delivery", sa.Column("archive_removed_at", sa.DateTime(), nullable=True))
    op.add_column("lake_part", sa.Column("sha256", sa.String(length=64), nullable=True))
