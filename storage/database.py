"""Ways to reach the database that is given as a libpq URL."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def for_sqlalchemy(url: str) -> str:
    """The same address in SQLAlchemy's spelling, with the psycopg driver."""
    return url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)


def engine(url: str, *, pool_size: int = 5) -> AsyncEngine:
    """For pages, queries and rare writes; the path of a message has a connection of its own (`storage.group`)."""
    return create_async_engine(for_sqlalchemy(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
