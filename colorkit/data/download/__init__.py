"""Files fetched whole and checked, and what lies in their archives."""
