"""Alembic's entry: runs the migrations on the connection that `engine.open_ledger` hands over.

Belongs here: nothing else. The command line of alembic is not used; `open_ledger` migrates.
"""

from __future__ import annotations

from alembic import context

from ingestion.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
