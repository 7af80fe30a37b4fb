"""Ways to reach a person: e-mail, text message, the scheduler's own note field."""
