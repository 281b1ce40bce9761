"""The store's own database: engine and migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x6361_7365


def sqlalchemy_url(url: str) -> str:
    """The URL in SQLAlchemy's spelling, driver named."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgresql", "postgres"} else url


def make_engine(url: str) -> AsyncEngine:
    return create_async_engine(sqlalchemy_url(url), pool_size=10, max_overflow=10, pool_timeout=60, pool_pre_ping=True)


def migrate(url: str) -> None:
    """Bring the database to this program's schema; several processes may try at once. Blocks."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        # Released with the commit: whoever waited then finds nothing left to do.
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _upgrade(connection)
    engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
