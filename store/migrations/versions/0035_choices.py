"""What each person on the staff chose, mails to them about clients, and clients found without any accent"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLAIN = (
    *(("đ", "d"), ("ð", "d"), ("þ", "th"), ("ħ", "h"), ("ı", "i"), ("æ", "ae"), ("œ", "oe")),
    *(("ŧ", "t"), ("ŋ", "n")),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "staff_choices",
        sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.String(200), nullable=False, server_default=""),
    )
    with op.batch_alter_table("staff_mails") as mails:
        mails.add_column(sa.Column("channel", sa.String(10), nullable=False, server_default="email"))
        mails.add_column(sa.Column("path", sa.String(100), nullable=False, server_default=""))
        mails.add_column(sa.Column("daily", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_intakes_status_created_at", "intakes", ["status", "created_at"])
    _plain_words()


def _plain_words() -> None:
    """Beside each word with a letter that is no letter with an accent, the word without it."""
    words = sa.table("client_words", sa.column("client_id", Id), sa.column("word", sa.String(100)))
    there = words.alias("there")
    plain: sa.ColumnElement[str] = words.c.word
    for letter, without in PLAIN:
        plain = sa.func.replace(plain, letter, without)
    plain = sa.func.substr(plain, 1, 100)
    known = sa.exists().where(there.c.client_id == words.c.client_id, there.c.word == plain)
    some = sa.or_(*(words.c.word.contains(letter) for letter, _without in PLAIN))
    found = sa.select(words.c.client_id, plain).distinct().where(some, words.c.word.not_like("=%"), ~known)
    op.execute(sa.insert(words).from_select(["client_id", "word"], found))
