"""The outbox: decide at the moment of sending, make the message, send it."""
