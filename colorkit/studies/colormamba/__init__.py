"""Chapter 17: ColorMamba, its controls, and all near-infrared ways in one table."""
