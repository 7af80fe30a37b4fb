"""What decides what a client is asked or given: same input, same output; no file, row, clock or network."""
