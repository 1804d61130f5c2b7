"""Tables of communications."""
