"""Threads of letters, news that wait for the citizen's next word, erasure on request, alarms of accounts.

Revision: 0002. Follows: 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("thread", sa.LargeBinary(), comment="sealed; what the channel needs to answer in the same thread"),
        sa.Column(
            "owed",
            sa.Boolean(),
            nullable=False,
            server_default="false",
            comment="news wait for the citizen's next word",
        ),
        sa.Column("reached", sa.LargeBinary(), comment="peer_index of who the reply to a public comment reached"),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("erased_seq", sa.Integer(), comment="events up to here were erased on request"),
    ):
        op.add_column("conversations", column)
    op.create_index(
        "conversations_reached_ix", "conversations", ["reached"], postgresql_where=sa.text("reached is not null")
    )
    op.create_table(
        "erasures",
        sa.Column("code", sa.Text(), nullable=False, comment="what the person is told"),
        sa.Column("asked_key", sa.LargeBinary(), nullable=False, comment="keyed digest: the same request is one row"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False, comment="keyed digest of channel:account:user"),
        sa.Column("subject", sa.LargeBinary(), comment="sealed user; null when it has been carried out"),
        sa.Column("conversation_id", sa.BigInteger(), comment="set where staff asked for one conversation"),
        sa.Column("by", sa.Text(), server_default="", nullable=False, comment="operator; empty: the platform"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Text(),
            server_default="asked",
            nullable=False,
            comment="asked | started | done | kept | nothing",
        ),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False, comment="JSON: how much of what"),
        sa.PrimaryKeyConstraint("code", name=op.f("erasures_pk")),
        sa.UniqueConstraint("asked_key", name=op.f("erasures_asked_key_key")),
    )
    op.create_index("erasures_open_ix", "erasures", ["asked_at"], postgresql_where=sa.text("done_at is null"))
    op.create_table(
        "doomed_blobs",
        sa.Column("key", sa.Text(), nullable=False, comment="blob to be destroyed unless a row still needs it"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("doomed_blobs_pk")),
    )
    op.create_index("media_original_ix", "media", ["original"], postgresql_where=sa.text("original <> ''"))
    op.create_index("media_public_ix", "media", ["public"], postgresql_where=sa.text("public <> ''"))
    op.create_table(
        "alarms",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="platform | tend"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "kind", name=op.f("alarms_pk")),
    )
