"""Acts of communications."""
