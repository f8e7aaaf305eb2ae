"""Chapter 15: things colored one by one."""
