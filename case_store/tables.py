"""The store's tables. Instants are kept with their zone, personal data apart from what the public may see."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

cases = Table(
    "cases",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("jurisdiction", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("token", Text, unique=True),
    Column("service_code", Text, nullable=False),
    Column("report_type", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("address_id", Text, nullable=False),
    Column("lat", Float),
    Column("long", Float),
    Column("media", JSONB, nullable=False),
    Column("person", JSONB, nullable=False),
    Column("attributes", JSONB, nullable=False),
    Column("report", JSONB),
    Column("channel", Text, nullable=False),
    Column("happened", JSONB, nullable=False),
    Column("result", Text, nullable=False, server_default=""),
    Column("result_private", Boolean, nullable=False, server_default=text("false")),
    Column("rating", Integer),
    Column("text_sha256", Text, nullable=False),
    Column("looks_like", Text, nullable=False, server_default=""),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("expected_at", DateTime(timezone=True)),
    Index("cases_by_time", "jurisdiction", "requested_at"),
    Index("cases_by_text", "jurisdiction", "text_sha256", "accepted_at"),
)

keys = Table(
    "idempotency_keys",
    metadata,
    Column("jurisdiction", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload_sha256", Text, nullable=False),
    Column("case_id", ForeignKey("cases.id")),
    PrimaryKeyConstraint("jurisdiction", "key"),
)

counters = Table(
    "counters",
    metadata,
    Column("jurisdiction", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("jurisdiction", "day"),
)

clocks = Table(
    "clocks",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("rule", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("src", Text, nullable=False),
    Column("to_event", Text, nullable=False),
    Column("on_breach", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("stopped_at", DateTime(timezone=True)),
    Column("overdue_at", DateTime(timezone=True)),
    Index("clocks_by_case", "case_id"),
    Index("clocks_running", "due_at", postgresql_where=text("stopped_at is null and overdue_at is null")),
)

updates = Table(
    "updates",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("update_id", Text, nullable=False),
    Column("from_store", Boolean, nullable=False),
    Column("event", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("media", JSONB, nullable=False),
    Column("extras", JSONB, nullable=False),
    Column("payload_sha256", Text, nullable=False, server_default=""),
    UniqueConstraint("case_id", "update_id"),
    Index("updates_by_time", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", ForeignKey("updates.id"), primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("delivered_at", DateTime(timezone=True)),
    Index("outbox_waiting", "case_id", "id", postgresql_where=text("delivered_at is null")),
)

uploads = Table(
    "uploads",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("mime", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
