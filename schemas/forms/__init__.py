"""What is asked and how an answer is read: questionnaires, conditions, typed text."""
