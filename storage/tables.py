"""The tables. Columns named `*_sealed` or documented as sealed hold `storage.seal` values; instants are timestamptz.

No foreign keys: `events`, `errands` and what hangs on them are written under the lock of their conversation, and the
check would cost a look-up per row on the path of every message.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
    }
)

Instant = DateTime(timezone=True)

conversations = Table(
    "conversations",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("peer_index", LargeBinary, nullable=False, unique=True, comment="keyed digest of channel:account:user"),
    Column("peer", LargeBinary, nullable=False, comment="sealed platform user id"),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("seq", Integer, nullable=False, server_default="0", comment="number of the newest event"),
    Column("owner", Text, nullable=False, server_default="bot", comment="bot | waiting | operator"),
    Column("operator", Text, nullable=False, server_default=""),
    Column("state", LargeBinary, comment="sealed dialog state"),
    Column("wake_at", Instant),
    Column("reachable", Boolean, nullable=False, server_default="true"),
    Column("last_inbound_at", Instant, comment="the citizen's last word; reply windows count from here"),
    Column(
        "replies", Integer, nullable=False, server_default="0", comment="replies sent since the citizen's last word"
    ),
    Column("unread", Integer, nullable=False, server_default="0"),
    Column("alert", Text, nullable=False, server_default="", comment="why staff should look first"),
    Column("waiting_since", Instant),
    Column("name", LargeBinary, comment="sealed display name"),
    Column("preview", LargeBinary, comment="sealed last line"),
    Column("created_at", Instant, nullable=False, server_default=text("now()")),
    Column("updated_at", Instant, nullable=False, server_default=text("now()")),
    Column("thread", LargeBinary, comment="sealed; what the channel needs to answer in the same thread"),
    Column("owed", Boolean, nullable=False, server_default="false", comment="news wait for the citizen's next word"),
    Column("reached", LargeBinary, comment="peer_index of who the reply to a public comment reached"),
    Column("erased_at", Instant),
    Column("erased_seq", Integer, comment="events up to here were erased on request"),
    Index("conversations_reached_ix", "reached", postgresql_where=text("reached is not null")),
    Index("conversations_wake_ix", "wake_at", postgresql_where=text("wake_at is not null")),
    Index("conversations_waiting_ix", "waiting_since", postgresql_where=text("waiting_since is not null")),
    # Each message rewrites the row: room on the page keeps the new version beside the old one, without index entries.
    postgresql_with={"fillfactor": 60},
)

events = Table(
    "events",
    metadata,
    Column("conversation_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False, comment="when it happened, by the other side's clock"),
    Column("recorded_at", Instant, nullable=False),
    Column("body", LargeBinary, comment="sealed event; null where the regulation forbids to keep it"),
    Column("problem", Text, nullable=False, server_default="", comment="why the dialog could not take it"),
    Column("held", Boolean, nullable=False, server_default="false", comment="waits until a person gives back"),
    UniqueConstraint("conversation_id", "source", "external_id"),
)

errands = Table(
    "errands",
    metadata,
    Column("conversation_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True, comment="the event that caused it"),
    Column("n", SmallInteger, primary_key=True),
    Column("lane", SmallInteger, nullable=False, comment="0 to the citizen, 1 to the case store, 2 media"),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    Column("owner", BigInteger, nullable=False, comment="process that works this lane; 0: the engine, later"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("not_before", Instant),
    Column("body", LargeBinary, nullable=False, comment="sealed"),
    Column("receipt", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Index("errands_open_ix", "conversation_id", "seq", "n", postgresql_where=text("status = 'open'")),
    Index("errands_trouble_ix", "settled_at", postgresql_where=text("status in ('unknown', 'refused', 'failed')")),
    postgresql_with={"fillfactor": 80},
)

media = Table(
    "media",
    metadata,
    Column("conversation_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("key_index", LargeBinary, nullable=False, comment="keyed digest of the platform's key"),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="pending", comment="pending | kept | refused"),
    Column("original", Text, nullable=False, server_default="", comment="blob of the bytes as they came"),
    Column("public", Text, nullable=False, server_default="", comment="blob without metadata"),
    Column("mime", Text, nullable=False, server_default=""),
    Column("name", LargeBinary, comment="sealed file name"),
    Column("size", BigInteger),
    Column("dhash", Text, nullable=False, server_default=""),
    Column("taken_at", Instant),
    Column("lat", Float),
    Column("lon", Float),
    Column("problem", Text, nullable=False, server_default=""),
    Column("marks", Text, nullable=False, server_default="", comment="what makes a picture doubtful, comma-separated"),
    Index("media_key_ix", "conversation_id", "key_index"),
    Index("media_original_ix", "original", postgresql_where=text("original <> ''")),
    Index("media_public_ix", "public", postgresql_where=text("public <> ''")),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True, comment="UUID; idempotency key at the store"),
    Column("conversation_id", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("status", Text, nullable=False, server_default="submitting", comment="submitting | opened | refused"),
    Column("code", Text, unique=True),
    Column("confirmed_at", Instant, nullable=False),
    Column("opened_at", Instant),
    Column("body", LargeBinary, comment="sealed normalized report, once it was built"),
    UniqueConstraint("conversation_id", "ordinal"),
)

recent_reports = Table(
    "recent_reports",
    metadata,
    Column("report_id", Text, primary_key=True),
    Column("conversation_id", BigInteger, nullable=False),
    Column("profile", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("ward_code", Text, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("matter", ARRAY(Integer), nullable=False, comment="keyed digests of the description's words"),
    Column("place", ARRAY(Integer), nullable=False, comment="keyed digests of the place's words"),
    Column("code", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("recent_reports_matter_ix", "profile", "category", "at"),
    Index("recent_reports_at_ix", "at"),
)

report_pictures = Table(
    "report_pictures",
    metadata,
    Column("band", Integer, primary_key=True, comment="part of the picture's hash, or of a film's digest"),
    Column("report_id", Text, primary_key=True),
    Column("picture", Text, primary_key=True, comment="dhash, or sha256 of a film"),
    Column("profile", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("conversation_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("value", Text, nullable=False),
    Column("code", Text, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("external_id", Text, nullable=False, comment="the platform's id, or a digest of the bytes"),
    Column("status", Text, nullable=False, comment="ignored | unreadable | alarm"),
    Column("reason", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="sealed raw bytes"),
    UniqueConstraint("channel", "account", "external_id"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("code", Text, primary_key=True, comment="what the person is told"),
    Column("asked_key", LargeBinary, nullable=False, unique=True, comment="keyed digest: the same request is one row"),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("subject_index", LargeBinary, nullable=False, comment="keyed digest of channel:account:user"),
    Column("subject", LargeBinary, comment="sealed user; null when it has been carried out"),
    Column("conversation_id", BigInteger, comment="set where staff asked for one conversation"),
    Column("by", Text, nullable=False, server_default="", comment="operator; empty: the platform"),
    Column("asked_at", Instant, nullable=False),
    Column("status", Text, nullable=False, server_default="asked", comment="asked | started | done | kept | nothing"),
    Column("done_at", Instant),
    Column("counts", Text, nullable=False, server_default="{}", comment="JSON: how much of what"),
    Index("erasures_open_ix", "asked_at", postgresql_where=text("done_at is null")),
)

doomed_blobs = Table(
    "doomed_blobs",
    metadata,
    Column("key", Text, primary_key=True, comment="blob to be destroyed unless a row still needs it"),
    Column("at", Instant, nullable=False, server_default=text("now()")),
)

alarms = Table(
    "alarms",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="platform | tend"),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
)

vaults = Table(
    "vaults",
    metadata,
    Column("name", Text, primary_key=True, comment="channel:account, or a cursor's name"),
    Column("values", LargeBinary, nullable=False, comment="sealed"),
    Column("updated_at", Instant, nullable=False, server_default=text("now()")),
)

processes = Table(
    "processes",
    metadata,
    Column("owner", BigInteger, primary_key=True),
    Column("host", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("flight", Text, nullable=False, comment="path of its flight recorder"),
    Column("started_at", Instant, nullable=False, server_default=text("now()")),
    Column("seen_at", Instant, nullable=False, server_default=text("now()")),
)

operators = Table(
    "operators",
    metadata,
    Column("name", Text, primary_key=True, comment="sign-in name"),
    Column("display_name", Text, nullable=False),
    Column("password", Text, nullable=False, comment="Argon2id"),
    Column("role", Text, nullable=False, server_default="operator", comment="operator | admin"),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("session_epoch", Integer, nullable=False, server_default="0", comment="raised to end every session"),
    Column("created_at", Instant, nullable=False, server_default=text("now()")),
)

journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", Instant, nullable=False, server_default=text("now()")),
    Column("operator", Text, nullable=False),
    Column("act", Text, nullable=False, comment="revealed, replied, took_over, gave_back, signed_in …"),
    Column("conversation_id", BigInteger),
    Column("detail", Text, nullable=False, server_default="", comment="field names, never their values"),
    Index("journal_conversation_ix", "conversation_id", "at"),
)
