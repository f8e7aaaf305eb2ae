"""Chapter 16: things colored one by one."""
