"""What pages of the console read, gathered over many rows."""
