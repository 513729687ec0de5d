"""How many rows stand above the first record of a sheet, so that a record is named by the row people see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.add_column("delivery_part", sa.Column("rows_above", sa.Integer(), nullable=True))
