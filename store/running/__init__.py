"""How the service itself runs: workers and leases, pauses, refusals, troubles."""
