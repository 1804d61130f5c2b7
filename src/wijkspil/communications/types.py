"""The words of communications."""
