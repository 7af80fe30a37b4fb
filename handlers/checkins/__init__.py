"""The loop after the visit: questions to the client, replies, progress."""
