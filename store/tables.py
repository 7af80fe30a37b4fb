"""Every table. Columns named `sealed_*` hold bytes from the vault: health answers never stand in clear.

A table with such columns says what their values are bound to: see `store.sealing`.
"""

from typing import Any

import sqlalchemy as sa

from store.base import UtcDateTime, no_index

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, **kwargs: object) -> sa.Column[int]:
    return sa.Column(name, Id, sa.ForeignKey(f"{target}.id"), **kwargs)  # type: ignore[arg-type] # options of Column


def _time(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _word(name: str, length: int = 64, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default=default)


def _sealed(name: str, *, always: bool = False) -> sa.Column[bytes]:
    """`always`: a row without a value is one from which somebody took it."""
    return sa.Column(name, sa.LargeBinary(), info={"always": always})


def _bound(*names: str) -> dict[str, Any]:
    """What a sealed value of a row is bound to: what tells the row from others, and never changes."""
    return {"bound": names}


# What a scheduler sent, before anybody has understood it.
receipts = sa.Table(
    "receipts",
    metadata,
    _id(),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    _word("connection"),
    _word("url", 500),
    _time("received_at"),
    _sealed("sealed_headers"),
    _sealed("sealed_body"),
    _word("status", 20, "pending"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("replays", sa.Integer, nullable=False, server_default="0"),
    _time("due_at"),
    _time("lease_until", nullable=True),
    _word("note", 500),
    _time("settled_at", nullable=True),
    sa.Column(
        "traced", sa.Boolean, nullable=False, server_default=sa.false()
    ),  # its clients are written down
    sa.Index("ix_receipts_status_due_at", "status", "due_at"),
    sa.Index("ix_receipts_connection_received_at", "connection", "received_at"),
    info=_bound("public_id", "connection"),
)

# One clinic account at one scheduler, and how it has been doing.
connections = sa.Table(
    "connections",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    _word("scheduler"),
    _time("first_seen_at"),
    _time("last_receipt_at", nullable=True),
    _time("last_refused_at", nullable=True),
    _time("last_reconcile_at", nullable=True),
    _time("last_read_at", nullable=True),  # when the last reading began that came to its end
    sa.Column("read_number", sa.Integer, nullable=False, server_default="0"),  # of the newest reading
    _time("read_begun_at", nullable=True),  # when the reading began that is under way
    sa.Column("read_place", sa.Text, nullable=False, server_default=""),  # as the scheduler names it
    sa.Column("read_failed", sa.Integer, nullable=False, server_default="0"),  # bookings that failed in it
    _time("read_step_at", nullable=True),  # when it last came further, or the scheduler answered
    _time("read_due_at", nullable=True),  # when it goes on, or the next one begins
    _time("webhook_seen_at", nullable=True),  # when our subscription was last seen at the scheduler
    _word("attach_way"),
    _time("attach_since", nullable=True),  # when writing onto bookings was switched to this way
    _sealed("sealed_secret"),
    info=_bound("name"),
)

# What is wrong now, and when the clinic was sent a mail about it.
troubles = sa.Table(
    "troubles",
    metadata,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    _word("text", 500),
    _time("since"),
    _time("mailed_at", nullable=True),
    sa.Column("over", sa.Boolean, nullable=False, server_default=sa.false()),  # its end is to be mailed
)

# An address or a number, and what its owner does not want; whoever the client is.
contact_points = sa.Table(
    "contact_points",
    metadata,
    _id(),
    _word("kind", 10),  # email, sms
    _word("value", 320),  # normalised: what two spellings of one address have in common
    _time("created_at"),
    _time("bounced_at", nullable=True),
    sa.UniqueConstraint("kind", "value"),
)

# What is not to be sent to a contact point any more: care (forms and plans), checkins.
opt_outs = sa.Table(
    "opt_outs",
    metadata,
    sa.Column("contact_id", Id, sa.ForeignKey("contact_points.id"), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    _time("at"),
    _word("way", 20),
)

# Texts that came in and say neither STOP nor START; whose they are is looked up when they are shown.
texts = sa.Table(
    "texts",
    metadata,
    _id(),
    sa.Column("vendor_id", sa.String(100), nullable=False, unique=True),  # of the service: twice is once
    _ref("contact_id", "contact_points", nullable=False, index=True),
    _time("received_at"),
    _sealed("sealed_words", always=True),
    _time("mailed_at", nullable=True),  # when the clinic was sent a mail that it is there
    _time("seen_at", nullable=True),
    sa.Index("ix_texts_seen_at", "seen_at"),
    info=_bound("id", "vendor_id"),
)

# A person. Who was joined with another keeps the rows; `joined_into` says whose history they are read with.
clients = sa.Table(
    "clients",
    metadata,
    _id(),
    _word("name", 400),
    _word("email", 320),
    _word("phone", 64),
    _word("zone"),
    _word("language", 35),
    _time("created_at"),
    _time("erased_at", nullable=True),
    sa.Column("joined_into", Id),
    sa.Index("ix_clients_email", "email"),
    sa.Index("ix_clients_phone", "phone"),
)

# One thread: whatever a scheduler calls it over time, the client comes once.
bookings = sa.Table(
    "bookings",
    metadata,
    _id(),
    _word("connection"),
    _ref("client_id", "clients", nullable=False),
    _word("status", 20),
    _time("start_at"),
    _time("end_at"),
    _word("zone"),
    _word("service", 200),
    _word("service_name", 400),
    _word("practitioner", 400),
    _word("place", 400),
    sa.Column("remote", sa.Boolean, nullable=False),
    _word("language", 35),
    sa.Column("earlier", sa.Boolean, nullable=False),  # older than the connection
    _time("first_seen_at"),
    _time("updated_at"),
    _ref("merged_into", "bookings", nullable=True),
    sa.Index("ix_bookings_start_at", "start_at"),
    sa.Index("ix_bookings_client_id_start_at", "client_id", "start_at"),
    sa.Index("ix_bookings_practitioner_start_at", "practitioner", "start_at"),
)

# Which client comes to which booking, since when. One of a booking is open: who comes now.
attendances = sa.Table(
    "attendances",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False, index=True),
    _ref("client_id", "clients", nullable=False, index=True),
    _ref("email_id", "contact_points", index=True),
    _ref("phone_id", "contact_points", index=True),
    _ref("intake_id", "intakes", index=True),  # the form that serves this visit; several visits may share it
    _sealed("sealed_said"),  # the person as the scheduler described them when they were last recognised
    _sealed("sealed_asked"),  # a later description that staff are asked about
    _time("since"),
    _time("ended_at", nullable=True),
    _word("unsure", 20),  # why it is not certain that it is this client; "" where it is
    _time("confirmed_at", nullable=True),  # when the client said "this is for me"
    info=_bound("id", "client_id"),
)

# Whom a receipt told of.
receipt_clients = sa.Table(
    "receipt_clients",
    metadata,
    sa.Column("receipt_id", Id, sa.ForeignKey("receipts.id"), primary_key=True),
    sa.Column("client_id", Id, sa.ForeignKey("clients.id"), primary_key=True, index=True),
)

# What we know of one identifier at the scheduler; a thread has one or several.
records = sa.Table(
    "records",
    metadata,
    _id(),
    _word("connection"),
    _word("external_id", 200),
    _word("seat", 400),
    _ref("booking_id", "bookings", nullable=True),
    _sealed("sealed_state"),
    sa.Column("version", sa.BigInteger),
    _time("occurred_at", nullable=True),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("gone_version", sa.BigInteger),
    _time("gone_at", nullable=True),
    sa.Column("no_show", sa.Boolean),
    _time("no_show_at", nullable=True),
    _word("replaces", 200),
    _word("replaced_by", 200),
    _word("root", 200),
    _word("series", 200),
    sa.Column("listed_in", sa.Integer, nullable=False, server_default="0"),  # the reading that last saw it
    sa.UniqueConstraint("connection", "external_id", "seat"),
    sa.Index("ix_records_booking_id", "booking_id"),
    sa.Index("ix_records_connection_replaces", "connection", "replaces"),
    sa.Index("ix_records_connection_root", "connection", "root"),
    sa.Index("ix_records_connection_series", "connection", "series"),
    info=_bound("connection", "external_id", "seat"),
)

# The schedule: what is due to whom and when. There is no second queue.
deliveries = sa.Table(
    "deliveries",
    metadata,
    _id(),
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    _ref("booking_id", "bookings", nullable=False),
    sa.Column("client_id", Id, index=True),
    sa.Column("contact_id", Id),  # whom it goes to: a contact point of the client
    _word("purpose", 20),
    _word("channel", 10),
    _word("status", 20),
    _time("due_at"),
    sa.Column("generation", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _time("lease_until", nullable=True),
    _word("reason", 60),
    _word("detail", 500),
    _word("message_id", 120),
    _word("vendor_id", 200),
    _word("trace", 40),  # the public id of the receipt that it follows from
    _time("created_at"),
    _time("settled_at", nullable=True),
    _time("seen_at", nullable=True),  # when somebody pressed the button of an alert
    sa.Index("ix_deliveries_status_due_at", "status", "due_at"),
    sa.Index("ix_deliveries_booking_id", "booking_id"),
    sa.Index("ix_deliveries_contact_id_created_at", "contact_id", "created_at"),
)

intakes = sa.Table(
    "intakes",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False),
    _ref("client_id", "clients", nullable=False),
    _word("questionnaire"),
    _word("version", 20),
    _word("language", 35),
    _word("status", 20, "open"),
    _sealed("sealed_step"),
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    _sealed("sealed_answers"),
    _sealed("sealed_wording"),  # the exact consent texts that were on the screen
    _time("created_at"),
    _time("started_at", nullable=True),
    _time("submitted_at", nullable=True),
    _time("reviewed_at", nullable=True),
    _word("reviewed_by", 200),
    sa.Column(
        "number", sa.Integer, nullable=False, server_default="0"
    ),  # of the forms of a client for a visit
    sa.UniqueConstraint("booking_id", "client_id", "number"),
    sa.Index("ix_intakes_client_id_submitted_at", "client_id", "submitted_at"),
    info=_bound("id", "client_id"),
)

# Every saved change of the answers: nothing that a client said is overwritten without a trace.
intake_changes = sa.Table(
    "intake_changes",
    metadata,
    _id(),
    _ref("intake_id", "intakes", nullable=False, index=True),
    _time("at"),
    _sealed("sealed_step"),
    _sealed("sealed_change", always=True),
    info=_bound("id", "intake_id"),
)

flags = sa.Table(
    "flags",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False, index=True),
    sa.Column("client_id", Id, index=True),
    _sealed("sealed_flag", always=True),  # its rule and its severity too
    _time("raised_at"),
    _time("seen_at", nullable=True),
    _time("cleared_at", nullable=True),
    _word("cleared_by", 200),
    _sealed("sealed_basis"),
    info=_bound("id", "client_id"),
)

plans = sa.Table(
    "plans",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False),
    _ref("client_id", "clients", nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    _word("status", 20),
    _sealed("sealed_protocol"),
    _sealed("sealed_reason"),
    _sealed("sealed_plan", always=True),
    _time("created_at"),
    _time("released_at", nullable=True),
    _word("released_by", 200),
    _time("sent_at", nullable=True),
    _sealed("sealed_let_out"),  # the status once more, where that lets it out (`store.plans`)
    sa.UniqueConstraint("booking_id", "client_id", "version"),
    sa.Index("ix_plans_client_id", "client_id"),
    info=_bound("id", "client_id", "version"),
)

session_notes = sa.Table(
    "session_notes",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False, index=True),
    sa.Column("client_id", Id),
    _word("author", 200),
    _word("credential", 20),
    _sealed("sealed_note", always=True),
    _time("created_at"),
    info=_bound("id", "client_id"),
)

# What a client says about a plan: check-ins that were asked for, and days ticked off ("tick:2026-11-27").
checkins = sa.Table(
    "checkins",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False),
    sa.Column("client_id", Id, index=True),
    _ref("plan_id", "plans", nullable=False),
    _word("kind", 20),
    _time("asked_at", nullable=True),
    _time("answered_at", nullable=True),
    _sealed("sealed_reply"),
    _sealed("sealed_action"),
    sa.UniqueConstraint("booking_id", "client_id", "kind"),
    info=_bound("id", "client_id", "kind"),
)

# Personal links: only a hash of the token is kept.
links = sa.Table(
    "links",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("keyed", sa.Boolean, nullable=False, server_default=sa.false()),
    # What it opens, by a MAC, where its token does not say it.
    sa.Column("opens", sa.String(64), nullable=False, server_default=""),
    _word("purpose", 20),
    sa.Column("subject", Id, nullable=False),
    sa.Column("client_id", Id, index=True),  # whose link it is
    sa.Column("contact_id", Id),  # the contact point that it was sent to
    _time("created_at"),
    _time("expires_at"),
    _time("revoked_at", nullable=True),
    sa.Index("ix_links_purpose_subject", "purpose", "subject"),
)

# A channel that takes nothing of ours now: the mail server refuses our account, or does not answer.
pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("channel", sa.String(10), primary_key=True),
    _time("since"),
    _time("until"),
    sa.Column("times", sa.Integer, nullable=False),
    _word("text", 500),
)

# How far the mailbox was read into which bounces come (UIDVALIDITY and UID of RFC 3501).
mailboxes = sa.Table(
    "mailboxes",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("validity", sa.BigInteger, nullable=False),
    sa.Column("last_uid", sa.BigInteger, nullable=False),
)

workers = sa.Table("workers", metadata, sa.Column("name", sa.String(64), primary_key=True), _time("seen_at"))

audit = sa.Table(
    "audit",
    metadata,
    _id(),
    _time("at"),
    _word("actor", 200),
    _word("action", 60),
    _word("subject", 60),
    _word("detail", 500),
    _word("via", 80),
    _word("source", 64),
    sa.Column("key_id", sa.Integer, nullable=False, server_default="0"),
    _word("hash"),
    sa.Index("ix_audit_subject", "subject"),
    sa.Index("ix_audit_at", "at"),
)

# What the entries of the log are hashed with, and where the chain ends.
audit_keys = sa.Table(
    "audit_keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _sealed("sealed_key", always=True),
    _time("made_at"),
    info=_bound("id"),
)
audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entries", sa.Integer, nullable=False),
    _word("hash"),
)

# Who may open the console. An address is kept in small letters; a leaver is deactivated, never deleted.
staff = sa.Table(
    "staff",
    metadata,
    _id(),
    sa.Column("email", sa.String(320), nullable=False, unique=True),
    _word("name", 200),
    _word("credential", 20),
    _word("roles", 100),  # words with spaces between: practitioner manager
    _word("language", 35, "en"),
    _word("password_hash", 200),
    _sealed("sealed_totp"),
    _sealed("sealed_access", always=True),  # what of this row lets somebody in, once more (`store.staff`)
    sa.Column("totp_step", sa.BigInteger, nullable=False, server_default="0"),  # the last step that was used
    _time("created_at"),
    _time("deactivated_at", nullable=True),
    _word("invite_hash"),  # of the link in the newest invitation; "" once it was used
    _time("invite_until", nullable=True),
    _time("password_until", nullable=True),  # of one that a command made: it opens nothing but its own change
    info=_bound("id"),
)

# What the owner of an account is mailed about: an invitation, a change. `due_at` is empty once it is out.
staff_mails = sa.Table(
    "staff_mails",
    metadata,
    _id(),
    _ref("staff_id", "staff", nullable=False, index=True),
    _word("kind", 20),
    _word("channel", 10, "email"),
    _word("path", 100),  # the page of the console that it leads to
    sa.Column("daily", sa.Boolean, nullable=False, server_default=sa.false()),
    _time("created_at"),
    _time("due_at", nullable=True),
    sa.Index("ix_staff_mails_due_at", "due_at"),
)

# One login of one browser: only a hash of the cookie is kept. `stage` says how far the login got.
staff_sessions = sa.Table(
    "staff_sessions",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    _ref("staff_id", "staff", nullable=False, index=True),
    _word("stage", 10),  # code, enrol, full
    _sealed("sealed_totp"),  # the secret that is being enrolled
    _time("created_at"),
    _time("seen_at"),
    _time("ended_at", nullable=True),
    info=_bound("token_hash", "staff_id"),
)

# A browser on which a PIN opens the console again. `session_id` is its newest session, `entered_at` when its
# owner last signed in there with the second factor; empty after they signed out.
devices = sa.Table(
    "devices",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    _ref("staff_id", "staff", nullable=False, index=True),
    sa.Column("session_id", Id, nullable=False),
    _word("pin_hash", 200),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    _time("created_at"),
    _time("entered_at", nullable=True),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    _id(),
    _ref("staff_id", "staff", nullable=False, index=True),
    _word("code_hash", 64),
    _time("used_at", nullable=True),
)

# A key that a device of somebody keeps, by its id there. Its public half opens nothing; it is sealed so that
# nobody puts another one in its place. `used_at` is also the time after which a challenge has to be made.
passkeys = sa.Table(
    "passkeys",
    metadata,
    _id(),
    _ref("staff_id", "staff", nullable=False, index=True),
    _word("name", 60),
    sa.Column("credential_id", sa.String(1400), nullable=False, unique=True),
    _sealed("sealed_key", always=True),
    sa.Column("sign_count", sa.BigInteger, nullable=False, server_default="0"),
    _time("created_at"),
    _time("used_at"),
    info=_bound("staff_id", "credential_id"),
)

# Tries to log in that have not succeeded, by a hash of account or address: what the rate limit counts.
login_tries = sa.Table(
    "login_tries",
    metadata,
    _id(),
    _word("key"),
    _time("at"),
    sa.Index("ix_login_tries_key_at", "key", "at"),
    sa.Index("ix_login_tries_at", "at"),
)

staff_choices = sa.Table(
    "staff_choices",
    metadata,
    sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("name", sa.String(40), primary_key=True),
    _word("value", 200),
)
# What a client is found by: the words of the name, the address, the digits of the number.
client_words = sa.Table(
    "client_words",
    metadata,
    sa.Column("client_id", Id, sa.ForeignKey("clients.id"), primary_key=True),
    sa.Column("word", sa.String(100), primary_key=True),
    sa.Index("ix_client_words_word", "word", "client_id", postgresql_ops={"word": "text_pattern_ops"}),
)

# A practitioner's changes to a drafted plan; they are applied again whenever the plan is chosen again.
plan_edits = sa.Table(
    "plan_edits",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False, index=True),
    sa.Column("client_id", Id),
    _word("author", 200),
    _sealed("sealed_edit", always=True),
    _time("created_at"),
    info=_bound("id", "client_id"),
)

# What a client wrote in a check-in, and the line that answers it; `leaves_at` is when it may be read.
remarks = sa.Table(
    "remarks",
    metadata,
    _id(),
    _ref("booking_id", "bookings", nullable=False, index=True),
    sa.Column("client_id", Id, index=True),
    sa.Column("checkin_id", Id, nullable=False, unique=True),
    _time("said_at"),
    _sealed("sealed_words", always=True),
    _sealed("sealed_answer"),
    _word("author", 200),
    _time("settled_at", nullable=True),
    _time("leaves_at", nullable=True),
    sa.Index("ix_remarks_settled_at", "settled_at"),
    sa.Index("ix_remarks_leaves_at", "leaves_at"),
    info=_bound("id", "client_id"),
)

# What a client asked for, or decided about a consent, on the page "Your choices".
client_requests = sa.Table(
    "client_requests",
    metadata,
    _id(),
    _ref("client_id", "clients", nullable=False, index=True),
    _word("kind", 20),  # consent, correction, copy, erasure
    _time("said_at"),
    _sealed("sealed_said", always=True),
    _word("author", 200),
    _time("settled_at", nullable=True),
    sa.Index("ix_client_requests_settled_at", "settled_at"),
    info=_bound("id", "client_id"),
)

# The photo or clip of an own exercise in a client's plans.
own_media = sa.Table(
    "own_media",
    metadata,
    _id(),
    _word("exercise_id", 20),
    _ref("client_id", "clients", nullable=False),
    _word("kind", 20),  # image/jpeg, image/png, video/mp4
    _sealed("sealed_media", always=True),
    _time("created_at"),
    sa.Index("ix_own_media_client_id_exercise_id", "client_id", "exercise_id"),
    info=_bound("id", "client_id", "exercise_id")
    | {"batch": 2},  # rows that are looked through at once: a clip has megabytes
)

# What a practitioner keeps to begin a later plan with: a name and the exercises.
saved_plans = sa.Table(
    "saved_plans",
    metadata,
    _id(),
    _ref("staff_id", "staff", nullable=False, index=True),
    _sealed("sealed_plan", always=True),
    _time("created_at"),
    info=_bound("id", "staff_id"),
)

# What a practitioner has typed into a form about a client and not sent yet; `place` names the form: note-12.
drafts = sa.Table(
    "drafts",
    metadata,
    _id(),
    _ref("staff_id", "staff", nullable=False),
    sa.Column("client_id", Id, index=True),
    _word("place", 40),
    _sealed("sealed_words", always=True),
    _time("typed_at"),
    sa.UniqueConstraint("staff_id", "place", name="uq_drafts_staff_id_place"),
    sa.Index("ix_drafts_typed_at", "typed_at"),
    info=_bound("id", "staff_id", "client_id"),
)

# When somebody read what a client sent, by a timer; `ended_at` is empty while it runs.
looks = sa.Table(
    "looks",
    metadata,
    _id(),
    sa.Column("client_id", Id, nullable=False, index=True),
    _ref("staff_id", "staff", nullable=False, index=True),
    _word("author", 200),
    _time("started_at"),
    _time("ended_at", nullable=True),
)

# On which days and at what time a client wants to do the plan, and how they asked to be reminded of it.
my_days = sa.Table(
    "my_days",
    metadata,
    sa.Column("client_id", Id, sa.ForeignKey("clients.id"), primary_key=True, autoincrement=False),
    _word("days", 20),  # numbers with spaces between, 0 for Monday
    _word("time", 5),  # on the client's own clock: 18:30
    _word("way", 10),  # email, sms; "" for no reminder
    _time("changed_at"),
)

# Who signed which text of which file of the content. The text is kept, so that a later one can be compared.
reviews = sa.Table(
    "reviews",
    metadata,
    _id(),
    _word("file", 200),
    _word("language", 35),
    _word("sha256", 64),
    sa.Column("text", sa.Text, nullable=False, server_default=""),
    _ref("staff_id", "staff", nullable=False),
    _word("name", 200),
    _word("credential", 20),
    _word("note", 500),
    _time("signed_at"),
    _time("valid_until"),
    sa.Index("ix_reviews_file_sha256", "file", "sha256"),
)

# A row stands here while sealed values may be left that are not bound to their place; `reseal` takes it away.
unbound = sa.Table(
    "unbound",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    _sealed("sealed_word"),
    info=_bound("id"),
)

# Identifiers at the scheduler whose client was erased, as keyed hashes: they must not come back.
erased = sa.Table(
    "erased",
    metadata,
    sa.Column("record_hash", sa.String(64), primary_key=True),
    _time("erased_at"),
)

# What is set in the browser: variables, below the environment; in small letters how far setup is.
settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    _sealed("sealed_value", always=True),
    _time("set_at"),
    info=_bound("name"),
)

sa.Index("ix_deliveries_message_id", deliveries.c.message_id)
sa.Index("ix_contact_points_bounced_at", contact_points.c.bounced_at)
sa.Index("ix_clients_lower_email", sa.func.lower(clients.c.email))
sa.Index("ix_deliveries_due_at", deliveries.c.due_at)
# With the number in it a page of the outbox is read off the index. Without it PostgreSQL may find it cheaper
# to walk along the times of all messages, which takes seconds where the newest ones are of another state.
sa.Index(
    "ix_deliveries_status_purpose_due_at",
    *(deliveries.c.status, deliveries.c.purpose, deliveries.c.due_at, deliveries.c.id),
)
sa.Index("ix_plans_sent_at", plans.c.sent_at)
sa.Index("ix_flags_raised_at", flags.c.raised_at)
sa.Index("ix_checkins_asked_at", checkins.c.asked_at)
sa.Index("ix_intakes_status_created_at", intakes.c.status, intakes.c.created_at)
sa.Index("ix_audit_actor_at", audit.c.actor, audit.c.at)
sa.Index("ix_audit_action_at", audit.c.action, audit.c.at)


def is_word(column: sa.ColumnElement[Any], value: str) -> sa.ColumnElement[bool]:
    """Written out: an index of some rows is taken only by a statement that names them without a parameter.

    And with a parameter PostgreSQL comes to plan for any value: one that few rows have is looked for in all.
    """
    return column == sa.literal_column(f"'{value}'")


def _of_some(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """An index of the rows to which a condition applies; returns the condition, for statements to say."""
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)
    return where


# Few bookings are merged and few clients joined: an index of all would be taken to find those that are not.
_of_some("ix_bookings_merged_into", bookings.c.merged_into, where=bookings.c.merged_into.is_not(None))
_of_some("ix_clients_joined_into", clients.c.joined_into, where=clients.c.joined_into.is_not(None))

# What waits for somebody is little beside all that was done, and every page of the console counts it.
IS_HELD = _of_some(
    "ix_deliveries_held", deliveries.c.reason, where=is_word(no_index(deliveries.c.status), "held")
)
_UNSEEN = sa.and_(is_word(deliveries.c.purpose, "alert"), deliveries.c.seen_at.is_(None))
_AT_ONCE = deliveries.c.key.not_like(sa.literal_column("'%:alert:soon-%'"))
UNSEEN_AT_ONCE = _of_some("ix_deliveries_unseen", deliveries.c.created_at, where=sa.and_(_UNSEEN, _AT_ONCE))
_NOT_OUT = sa.or_(
    is_word(deliveries.c.status, "dead"),
    is_word(deliveries.c.reason, "trying_again"),
    is_word(deliveries.c.reason, "mail_waits"),
)
UNSEEN_NOT_OUT = _of_some("ix_deliveries_not_out", deliveries.c.created_at, where=sa.and_(_UNSEEN, _NOT_OUT))
_ASKED = sa.and_(attendances.c.sealed_asked.is_not(None), attendances.c.ended_at.is_(None))
IS_ASKED_ABOUT = _of_some("ix_attendances_asked", attendances.c.id, where=_ASKED)
IS_DRAFT = _of_some(
    "ix_session_notes_drafts", session_notes.c.booking_id, where=is_word(session_notes.c.author, "")
)
