"""Words for closed lists and for reasons, as the console says them (English; `es.toml` has the Spanish)."""

import re

from schemas.plan import PlanStatus
from schemas.reason import Reason
from web.language import Say

PURPOSES = {
    "intake": "Intake link",
    "intake_reminder": "Reminder",
    "plan": "Plan",
    "checkin": "Check-in",
    "plan_held": "Word that the plan waits",
    "book_again": "Book again",
    "my_day": "Reminder on a chosen day",
    "confirm": "Is this address right?",
    "answer": "Answer to what was written",
    "alert": "Alert",
    "summary": "Summary",
    "attach": "Note on the booking",
}
CHANNELS = {"email": "e-mail", "sms": "text", "note": "scheduler"}
BOOKINGS = {"pending": "Not confirmed", "cancelled": "Cancelled", "no_show": "Did not come"}
PLANS = {
    PlanStatus.draft: "Drafted",
    PlanStatus.held: "Waits",
    PlanStatus.released: "Released",
    PlanStatus.sent: "Sent",
    PlanStatus.replaced: "Replaced",
    PlanStatus.none: "No plan",
}
CORRECTIONS = {
    "name": "Name",
    "email": "E-mail address",
    "phone": "Phone number",
    "birth": "Date of birth",
    "other": "Something else",
}
"""What a client says is wrong."""

# What the log says that somebody did.
ACTS = {
    "login": "signed in",
    "login_failed": "tried to sign in",
    "code_failed": "typed a wrong code",
    "recovery_code_used": "used a recovery code",
    "logout": "signed out",
    "password_changed": "changed the password",
    "second_factor_set": "set up a second factor",
    "view": "looked at",
    "text_seen": "marked a text as read",
    "view_summary": "read the summary",
    "print_summary": "made the summary to print",
    "print_plan": "made the plan to print",
    "view_receipt": "read a webhook",
    "preview": "looked at the plan as the client sees it",
    "flags_seen": "saw the flags",
    "answer_taken_back": "took an answer back",
    "intake_reviewed": "read the intake",
    "note": "wrote a session note",
    "note_draft": "left a session note as a draft",
    "note_dropped": "threw a drafted note away",
    "release": "released",
    "hold": "held back",
    "send_now": "sent now",
    "resend": "sent again",
    "withdraw": "withdrew",
    "change_plan": "changed the plan",
    "correct": "corrected a plan that was sent",
    "override": "went past the safety filter",
    "clear_flag": "cleared a flag",
    "replay": "processed a webhook again",
    "door_code": "showed the code for the door",
    "withdraw_again": "took consents back again after a restore",
    "stop_again": "left addresses alone again after a restore",
    "view_monitoring": "looked at a remote monitoring sheet",
    "pin_set": "chose a PIN for a device",
    "passkey_set": "made a passkey",
    "passkey_gone": "took a passkey away",
    "passkey_used": "used a passkey",
    "passkey_wrong": "gave a passkey that does not count",
    "journal_begun": "began the journal",
    "journal_accepted": "said why the journal was gone or changed",
    "backup_made": "made a backup",
    "backup_awaited": "saw the timer of the backup",
    "backup_elsewhere": "said that backups are made in another way",
    "pin_login": "signed in by PIN",
    "pin_failed": "typed a wrong PIN",
    "device_forgotten": "let a device be forgotten",
    "locked": "locked the console",
    "door_opened": "opened the tablet at the door",
    "end_links": "ended the links",
    "export": "exported a client",
    "export_fhir": "exported a booking as FHIR",
    "export_board": "exported the board",
    "erase": "erased a client",
    "handed_over": "gave the visit to another person",
    "for_somebody_else": "said that the form is for somebody else",
    "same_person": "said that it is the same person",
    "another_person": "said that it is another person",
    "remark_answered": "answered a client",
    "consent_given": "gave a consent again",
    "consent_withdrawn": "took back a consent",
    "asked_copy": "asked for a copy",
    "asked_correction": "asked for a correction",
    "asked_erasure": "asked to be erased",
    "retention": "deleted what was kept for long enough",
    "request_settled": "was done with what a client asked for",
    "remark_read": "read what a client wrote",
    "walk_in": "took somebody in without a booking",
    "walk_in_booked": "booked who had walked in",
    "walk_in_cancelled": "cancelled a walk-in",
    "walk_in_corrected": "corrected a walk-in",
    "confirmed": "said that the form is theirs",
    "join": "joined two clients",
    "part": "parted two clients",
    "restored": "held all messages after a restore",
    "resealed": "sealed values again",
    "stop_email": "asked for no more e-mail",
    "stop_sms": "asked for no more texts",
    "start_email": "asked for e-mail again",
    "start_sms": "asked for texts again",
    "noted_stop_email": "wrote down: no more e-mail",
    "noted_stop_sms": "wrote down: no more texts",
    "noted_start_email": "wrote down: e-mail again",
    "noted_start_sms": "wrote down: texts again",
    "address_again": "had an address tried again",
    "address_confirmed": "said that the address or number is theirs",
    "result_birthday_wrong": "typed another date of birth",
    "birthday_wrong": "typed another date of birth",
    "check_birthday_wrong": "typed another date of birth",
    "undo": "took back",
    "setup_opened": "opened the setup",
    "setup_closed": "finished the setup",
    "test_mail": "sent a test mail",
    "webhook_subscribed": "subscribed the webhooks",
    "setting_changed": "changed a setting",
    "staff_added": "added an account",
    "staff_invited": "invited somebody",
    "invite_used": "chose a first password",
    "password_wrong": "typed a wrong password",
    "staff_changed": "changed an account",
    "staff_deactivated": "ended an account",
    "staff_let_in": "let somebody in again",
    "staff_reset": "reset an account",
    "view_day": "looked at a day",
    "view_week": "looked at a week",
    "search": "searched for clients",
    "refused": "was refused",
    "command": "gave a command",
    "end_every_session": "ended every session",
    "end_every_link": "ended every link",
    "sign_content": "signed content",
    "view_report": "looked at who got what",
}


SENTENCES: dict[Reason, str] = {
    Reason.none: "",
    # the booking
    Reason.cancelled: "The booking was cancelled.",
    Reason.no_show: "The client did not come.",
    Reason.pending: "The booking waits for the clinic's yes at the scheduler.",
    Reason.older_than_connection: "It was booked before Aftercare was connected, so nothing is sent.",
    Reason.too_late: "The visit was too long ago.",
    Reason.not_needed: "Nothing of this kind is sent for this service.",
    Reason.same_booking: "Two bookings turned out to be one.",
    Reason.visit_started: "The visit had begun.",
    Reason.visit_not_over: "The visit is not over yet.",
    # the client
    Reason.erased: "The client was erased.",
    Reason.no_address: "There is no e-mail address that works. Add one where the visit was booked.",
    Reason.handed_over: "Another person comes to this visit now.",
    Reason.who_is_it: "The scheduler names somebody who may be another person. Say on the booking who comes.",
    Reason.address_changed: "The address was corrected. The message goes to the new one.",
    Reason.address_refused: "Mail to this address came back. Ask for another one.",
    Reason.later_visit: "The plan comes after the client's last visit of the day.",
    Reason.unsubscribed: "The client wants no more messages of this kind.",
    Reason.answered: "The client has answered already.",
    Reason.asked_lately: "The client was asked a few hours before.",
    Reason.many_bookings: "Many bookings name this address at once: it got one mail. Release it if it fits.",
    Reason.no_email_consent: "The client did not agree to e-mail. Print the plan instead.",
    Reason.no_consent: "The client did not agree to this.",
    Reason.by_mail: "No text can reach this client, so it goes by e-mail.",
    # the plan
    Reason.too_young: "The client is too young for a plan that goes out by itself.",
    Reason.no_intake: "The intake is not done yet.",
    Reason.red_flag: "An answer is a warning sign. A clinician must clear it first.",
    Reason.needs_review: "An answer needs a look. It waits until a practitioner releases it.",
    Reason.changed_by_hand: "It was changed by hand. It waits until a practitioner releases it.",
    Reason.needs_ok: "The clinic wants a practitioner's OK for every plan.",
    Reason.unreviewed: "It is made from content that nobody has signed. A practitioner may release it.",
    Reason.on_hold: "The session note says: hold.",
    Reason.no_plan_wanted: "The session note says: no plan.",
    Reason.held_by_person: "Somebody holds it back.",
    Reason.withdrawn_by_person: "Somebody withdrew it.",
    Reason.no_plan: "There is no plan.",
    Reason.newer_plan: "The client has a newer plan by now.",
    Reason.next_visit: "The client has booked again already.",
    Reason.no_reply: "Two check-ins in a row had no reply, so no more are sent.",
    # the way
    Reason.quiet_hours: "Nothing goes out in the quiet hours.",
    Reason.webhooks_wait: "Webhooks of the scheduler wait. They are read first.",
    Reason.mail_waits: "The mail server takes none of our mail now. It goes out as soon as it does.",
    Reason.paced: "The limit of mails a minute is reached. It goes out in a moment.",
    Reason.trying_again: "It did not work and will be tried again.",
    Reason.outcome_unknown: "The answer of the mail server was lost. The client may have it.",
    Reason.failed: "It could not be sent. Put right what is said here, then send it again.",
    Reason.acknowledged: "Somebody at the clinic has looked already.",
    Reason.no_alert_number: "No mobile number is set for alerts.",
    Reason.no_alert_address: "No e-mail address is set for alerts.",
}
CLINICAL = (Reason.red_flag, Reason.needs_review, Reason.too_young)
"""Reasons that tell something of the answers."""
NOT_YOURS = "A practitioner must look first."
"""What is said in their place to who is none."""


def sentence(reason: Reason, say: Say, *, clinical: bool = True) -> str:
    """The sentence for a reason; "" for `none`. `clinical`: to a practitioner."""
    if reason in CLINICAL and not clinical:
        return say(NOT_YOURS)
    return say(SENTENCES[reason]) if reason else ""


# What our own side says of an attempt, beside the words of others; {n} is a code or a name.
DETAILS = (
    "The mail server refused our sign-in: check SMTP_USERNAME and SMTP_PASSWORD.",
    "The mail server refused us (code {n}).",
    "The mail server does not answer ({n}).",
    "The mail server does not answer; it is tried again in a moment.",
    "The mail server refused the message (code {n}).",
    "The mail server refused this message for what is in it (code {n}).",
    "The mail server refuses our mail (code {n}).",
    "There is no such mailbox (code {n}).",
    "The mailbox of the client takes no mail (code {n}).",
    "The connection was lost after the mail was handed over.",
    "The mail server cannot send to an address with other letters than a to z before the @.",
    "This is not a mobile number with its country code.",
    "The text-message service does not answer.",
    "The text-message service did not answer in time.",
    "The text-message service refused the text ({n}).",
    "This message could not be made; see the log.",
    "The message was sent, and we could not note it.",
    "The worker ended each time it worked on this.",
)
WAYS = {
    "notes": "In the notes of the booking",
    "custom_attribute": "In a field of the booking that clients do not see",
    "customer_field": "In a field of the customer",
    "contact_note": "As a note of the contact",
}
"""Where link and status are written at a scheduler, by its name for the way."""
NO_WAY = "Not supported by {scheduler}: an existing booking cannot be written to."
OFF = "Writing onto a booking is not switched on for {scheduler}: see docs/schedulers."
FIELD = re.compile(r"The field (\S+) must be (.+)\.")
WRONG_FIELD = "The field {field} must be {wanted}."
WANTED = (
    *("there", "there, such as booking.created", "there: an object that describes the booking"),
    *("there, or an e-mail address, or a telephone number", "a time", "a number", "a number of minutes"),
    "a booking",
)
"""What a field of a webhook must be, as schedulers' readers say it."""
IN_BRACKETS = re.compile(r"(\(code |\()([^()]*)\)")


def worded(detail: str, say: Say) -> str:
    """What was said of an attempt, in the language of the page where the words are ours."""
    if field := FIELD.fullmatch(detail):
        return say(WRONG_FIELD, field=field[1], wanted=say(field[2]))
    found = IN_BRACKETS.search(detail)
    if found is None:
        return say(detail)
    return say(detail.replace(found[0], f"{found[1]}{{n}})"), n=found[2])
