"""What a reply to a check-in does to a plan."""
