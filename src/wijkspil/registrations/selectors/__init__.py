"""What is asked of lists, wishes, rounds and moves."""
