"""Plans of a client: drafted, held, changed, released, shown."""
