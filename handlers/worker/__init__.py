"""The worker's rounds, and upkeep: watching, re-encrypting, restoring."""
