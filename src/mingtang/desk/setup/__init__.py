"""The setup check: what an installation lacks before it can be trusted with a real paper, and how to mend it."""
