"""Who works here: accounts, signing in, the second factor, sessions."""
