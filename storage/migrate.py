"""Bring a database to the schema of this program, once, however many processes start together."""

from pathlib import Path

import psycopg

HEAD = "0003"
"""The newest revision; a test compares it with the migrations folder."""

_LOCK = 0x7469_6570
_FOLDER = Path(__file__).with_name("migrations")
_SCHEMA = Path(__file__).with_name("schema.sql")
"""What all migrations together make of an empty database (tools/make_schema.py)."""


def migrate(url: str) -> bool:
    """Upgrade the database behind a libpq `url`; False when it was current already.

    Raises `psycopg.Error` when the database cannot be reached or a migration fails (nothing is half applied).
    """
    with psycopg.connect(url, autocommit=True) as connection:
        if _revision(connection) == HEAD:
            return False
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        found = _revision(connection)
        if found == HEAD:
            return False
        if found:
            _upgrade(url)
        else:
            _make(connection)
    return True


def _revision(connection: psycopg.Connection) -> str:
    found = connection.execute("select to_regclass('alembic_version')").fetchone()
    if found is None or found[0] is None:
        return ""
    row = connection.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else ""


def _make(connection: psycopg.Connection) -> None:
    """The newest schema in an empty database, all or nothing."""
    from procrastinate.schema import SchemaManager

    with connection.transaction():
        connection.execute(SchemaManager.get_schema())
        connection.execute(_SCHEMA.read_bytes())


def _upgrade(url: str) -> None:
    # The migration tool costs a second to import: only a start that has something to migrate pays for it.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from storage.database import for_sqlalchemy

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    engine = create_engine(for_sqlalchemy(url), poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
