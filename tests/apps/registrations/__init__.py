"""Tests of GP lists: register, wish, swap, re-house."""
