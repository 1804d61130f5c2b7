"""Pages of GP lists."""
