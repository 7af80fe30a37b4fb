"""HTTP in: webhooks, client pages, console, commands."""
