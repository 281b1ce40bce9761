"""Operators, from the command line."""

from app.settings import Settings
from app.wiring import visited_database
from storage import operators
from storage.database import engine


async def add(settings: Settings, name: str, display_name: str, password: str, *, admin: bool) -> bool:
    """Open an account; False when the name is taken. Raises `ValueError` for a short password."""
    with visited_database(settings) as url:
        tables = engine(url)
        async with tables.begin() as connection:
            role = operators.ADMIN if admin else operators.OPERATOR
            added = await operators.add(connection, name=name, display_name=display_name, password=password, role=role)
        await tables.dispose()
    return added
