"""Reading many opinions on one draft: cleaned, grouped, put to clauses and themes, answered, counted."""
