"""Alembic's entry: migrations run on the connection that `case_store.database` hands over."""

from alembic import context

from case_store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="case_store_version",
)
with context.begin_transaction():
    context.run_migrations()
