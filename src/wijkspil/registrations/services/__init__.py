"""What is done to lists, wishes, rounds and moves."""
