"""Words for the closed lists of the house, as the console says them (English; `es.toml` has the Spanish)."""

PURPOSES = {
    "intake": "Intake link",
    "intake_reminder": "Reminder",
    "plan": "Plan",
    "checkin": "Check-in",
    "alert": "Alert",
    "summary": "Summary",
    "attach": "Note on the booking",
}
CHANNELS = {"email": "e-mail", "sms": "text", "note": "scheduler"}
BOOKINGS = {"pending": "Not confirmed", "cancelled": "Cancelled", "no_show": "Did not come"}
PLANS = {
    "draft": "Drafted",
    "held": "Waits",
    "released": "Released",
    "sent": "Sent",
    "replaced": "Replaced",
    "none": "No plan",
}
