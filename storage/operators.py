"""People who sign in to the staff page. The caller owns the transaction."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import operators

OPERATOR: Final = "operator"
ADMIN: Final = "admin"
ROLES: Final = frozenset({OPERATOR, ADMIN})
SHORTEST_PASSWORD: Final = 8

_HASHES = PasswordHash((Argon2Hasher(),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A row of `operators`. `password` is an Argon2id hash."""

    name: str
    display_name: str
    password: str
    role: str
    active: bool
    session_epoch: int

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN


_COLUMNS = [operators.c[name] for name in Operator.__slots__]


def hash_password(password: str) -> str:
    """Argon2id; takes tens of milliseconds of CPU, so a server calls it in a thread.

    Raises `ValueError` for a password that is too short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _HASHES.hash(password)


def matches(operator: Operator | None, password: str) -> bool:
    """Whether `password` is that operator's; as slow for nobody as for somebody. Call it in a thread."""
    right = _HASHES.verify(password, operator.password if operator is not None else _nobody())
    return right and operator is not None and operator.active


@cache
def _nobody() -> str:
    return _HASHES.hash("nobody has this password")


async def add(
    connection: AsyncConnection, *, name: str, display_name: str, password: str, role: str = OPERATOR
) -> bool:
    """Open an account; False when the name is taken. Raises `ValueError` for an unknown role or a short password."""
    if role not in ROLES:
        raise ValueError(f"unknown role {role}")
    row = {"name": name, "display_name": display_name, "password": hash_password(password), "role": role}
    done = await connection.execute(insert(operators).values(row).on_conflict_do_nothing().returning(operators.c.name))
    return done.first() is not None


async def find(connection: AsyncConnection, name: str) -> Operator | None:
    row = (await connection.execute(select(*_COLUMNS).where(operators.c.name == name))).mappings().first()
    return Operator(**row) if row else None


async def set_password(connection: AsyncConnection, name: str, password: str) -> bool:
    """Change the password and end every session of that operator; False when there is no such operator.

    Raises `ValueError` for a short password.
    """
    return await _change(connection, name, password=hash_password(password))


async def set_active(connection: AsyncConnection, name: str, active: bool) -> bool:
    """Close or open an account; its sessions end. False when there is no such operator."""
    return await _change(connection, name, active=active)


async def display_names(connection: AsyncConnection) -> dict[str, str]:
    """How operators are called, by sign-in name."""
    found = await connection.execute(select(operators.c.name, operators.c.display_name))
    return {row.name: row.display_name for row in found}


async def _change(connection: AsyncConnection, name: str, **values: object) -> bool:
    done = await connection.execute(
        update(operators)
        .where(operators.c.name == name)
        .values(session_epoch=operators.c.session_epoch + 1, **values)
        .returning(operators.c.name)
    )
    return done.first() is not None
