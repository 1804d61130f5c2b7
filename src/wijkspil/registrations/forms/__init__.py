"""What is typed on the pages of GP lists."""
