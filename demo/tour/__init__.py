"""The tour: a clinic with forty clients at every stage, a clock to move, and their mailbox to play."""
