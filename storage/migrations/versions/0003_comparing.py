"""What is kept of opened reports to recognise the same matter and the same pictures; marks of doubtful pictures.

Revision: 0003. Follows: 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "media",
        sa.Column(
            "marks",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="what makes a picture doubtful, comma-separated",
        ),
    )
    op.create_table(
        "recent_reports",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("matter", sa.ARRAY(sa.Integer()), nullable=False, comment="keyed digests of the description's words"),
        sa.Column("place", sa.ARRAY(sa.Integer()), nullable=False, comment="keyed digests of the place's words"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("recent_reports_pk")),
    )
    op.create_index("recent_reports_matter_ix", "recent_reports", ["profile", "category", "at"])
    op.create_index("recent_reports_at_ix", "recent_reports", ["at"])
    op.create_table(
        "report_pictures",
        sa.Column("band", sa.Integer(), nullable=False, comment="part of the picture's hash, or of a film's digest"),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False, comment="dhash, or sha256 of a film"),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("band", "report_id", "picture", name=op.f("report_pictures_pk")),
    )
