"""An installation's own city: read from a workbook or a TOML file, checked all at once, written down as a profile.

Nothing here needs a database or settings: a description is read and checked before there is either.
"""
