"""The questionnaire as a client fills it in, and as a practitioner reads it."""
