"""Sample webhooks, one module per scheduler: EVENTS builds a body, sign makes headers and bytes of it."""
