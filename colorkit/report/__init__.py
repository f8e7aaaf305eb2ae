"""The chapters run, the book built, the record kept."""
