"""Why a message or a plan is not out: every word that a row of the schedule may carry."""

from enum import StrEnum


class Reason(StrEnum):
    """One word for each reason; `none`: nothing to say. web/console/labels holds the sentences."""

    none = ""
    # the booking
    cancelled = "cancelled"
    no_show = "no_show"
    pending = "pending"
    older_than_connection = "older_than_connection"
    too_late = "too_late"
    not_needed = "not_needed"
    same_booking = "same_booking"
    visit_started = "visit_started"
    visit_not_over = "visit_not_over"
    # the client
    erased = "erased"
    no_address = "no_address"
    unsubscribed = "unsubscribed"
    handed_over = "handed_over"
    who_is_it = "who_is_it"
    address_changed = "address_changed"
    address_refused = "address_refused"
    later_visit = "later_visit"
    answered = "answered"
    asked_lately = "asked_lately"
    many_bookings = "many_bookings"
    no_email_consent = "no_email_consent"
    no_consent = "no_consent"
    by_mail = "by_mail"
    # the plan
    too_young = "too_young"
    no_intake = "no_intake"
    red_flag = "red_flag"
    needs_review = "needs_review"
    needs_ok = "needs_ok"
    changed_by_hand = "changed_by_hand"
    unreviewed = "unreviewed"
    on_hold = "on_hold"
    no_plan_wanted = "no_plan_wanted"
    held_by_person = "held_by_person"
    withdrawn_by_person = "withdrawn_by_person"
    no_plan = "no_plan"
    newer_plan = "newer_plan"
    no_reply = "no_reply"
    next_visit = "next_visit"
    # the way
    quiet_hours = "quiet_hours"
    webhooks_wait = "webhooks_wait"
    trying_again = "trying_again"
    mail_waits = "mail_waits"
    paced = "paced"
    outcome_unknown = "outcome_unknown"
    failed = "failed"
    acknowledged = "acknowledged"
    no_alert_number = "no_alert_number"
    no_alert_address = "no_alert_address"


BY_PERSON = (Reason.held_by_person, Reason.withdrawn_by_person)
"""What a person decided: nothing but a person brings such a message back."""
OF_THE_BOOKING = (
    *(Reason.cancelled, Reason.no_show, Reason.pending, Reason.older_than_connection, Reason.no_address),
    *(Reason.handed_over, Reason.who_is_it, Reason.address_changed, Reason.later_visit),
)
"""What the next state of the booking may change."""
