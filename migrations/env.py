"""Runs the numbered migrations on the app's own engine."""

from alembic import context
from flask import current_app

engine = current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata


def run() -> None:
    """Each migration in its own transaction; SQLite takes its write lock at once."""
    with engine.connect().execution_options(immediate=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            transaction_per_migration=True,
            compare_type=True,
        )
        if engine.dialect.name == "postgresql":  # a migration may take longer than a page
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.commit()
        with context.begin_transaction():
            context.run_migrations()


run()
