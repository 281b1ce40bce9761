"""Write storage/schema.sql: what all migrations together make of an empty database.

A first start would otherwise import the migration tool (a second and 25 MB) only to run it once. Run it after a new
migration: `.venv/bin/python tools/make_schema.py`. A test compares the file with a database that was migrated.
"""

import re
from pathlib import Path

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.migrate import HEAD
from storage.tables import metadata

TARGET = Path(__file__).parents[1] / "storage" / "schema.sql"
FIRST = Path(__file__).parents[1] / "storage" / "migrations" / "versions" / "0001_first.py"


def main() -> None:
    statements: list[str] = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=postgresql.dialect())).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=postgresql.dialect())).strip() for index in indexes]
        for column in table.columns:
            if column.comment:
                quoted = column.comment.replace("'", "''")
                name = f'{table.name}."{column.name}"' if column.name == "values" else f"{table.name}.{column.name}"
                statements.append(f"COMMENT ON COLUMN {name} IS '{quoted}'")
    engine = re.findall(r'^ENGINE_\w+ = """(.*?)"""', FIRST.read_text(), re.S | re.M)
    statements += [part.strip() for part in engine]
    statements.append("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    statements.append(f"INSERT INTO alembic_version VALUES ('{HEAD}')")
    text = ";\n\n".join(re.sub(r"[ \t]+$", "", statement, flags=re.M) for statement in statements)
    TARGET.write_text(f"-- Made by tools/make_schema.py from the tables and migrations. Do not edit.\n\n{text};\n")


if __name__ == "__main__":
    main()
