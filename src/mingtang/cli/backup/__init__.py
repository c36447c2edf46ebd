"""Backup and restore: one sealed archive that holds database, keys and settings of a city (ADR 0029)."""
