"""What we do when something happens. No Flask, no SQL, no HTTP."""
