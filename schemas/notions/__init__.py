"""One notion of each standard thing: address, telephone number, plural, order of words from a scheduler."""
