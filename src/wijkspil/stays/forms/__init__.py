"""The forms of stays: a few big choices. ``services`` decide what is right."""
