"""Workbooks as offices make them, by script: a module per family of kinds."""
