"""What a client may ask for: export and erasure."""
