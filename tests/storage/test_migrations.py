"""The schema is what the migrations make it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from storage import migrate as migrations
from storage.database import for_sqlalchemy
from storage.tables import metadata


def test_the_start_knows_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations._FOLDER))

    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_a_migrated_database_has_the_tables_the_program_speaks_of(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    migrations.migrate(url)
    engine = create_engine(for_sqlalchemy(url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
    engine.dispose()

    differences = [d for d in found if "procrastinate" not in str(d)]
    assert differences == []


def described(url: str) -> list[tuple[object, ...]]:
    """Every column, index, constraint and trigger of a database."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select 'column', table_name, column_name, data_type, is_nullable, coalesce(column_default, ''),"
            " coalesce(col_description((quote_ident(table_name))::regclass, ordinal_position), '')"
            " from information_schema.columns where table_schema = 'public'"
            " union all select 'index', tablename, indexname, indexdef, '', '', '' from pg_indexes"
            " where schemaname = 'public'"
            " union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', ''"
            " from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'"
            " union all select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '', ''"
            " from pg_trigger where not tgisinternal"
        )
        return sorted(rows.fetchall(), key=str)


def test_an_empty_database_becomes_what_the_migrations_make(fresh_database: Callable[[], str]) -> None:
    """The first start takes a short way; it must lead to the same place."""
    made, migrated = fresh_database(), fresh_database()
    migrations.migrate(made)
    migrations._upgrade(migrated)

    ours = [row for row in described(made) if "alembic_version" not in str(row)]
    theirs = [row for row in described(migrated) if "alembic_version" not in str(row)]
    assert ours == theirs


def test_a_second_start_changes_nothing(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()

    assert [migrations.migrate(url), migrations.migrate(url)] == [True, False]


def test_processes_that_start_together_migrate_once(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(migrations.migrate, [url] * 4))

    assert sorted(done) == [False, False, False, True]


def test_the_work_engine_has_its_index_and_its_wake_up(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    migrations.migrate(url)

    with psycopg.connect(url) as connection:
        index = connection.execute("select 1 from pg_indexes where indexname = 'tiepnhan_jobs_lock_ix'").fetchone()
        wake = connection.execute("select 1 from pg_trigger where tgname = 'tiepnhan_wake_on_lock_release'").fetchone()
    assert (index, wake) == ((1,), (1,))
