"""Text: official papers, uploads, personal data, canonical JSON, differences, cuts. Pure Python, no Django."""
