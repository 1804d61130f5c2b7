"""Two sites, of which one copies the other, under writes, kills and restarts."""
