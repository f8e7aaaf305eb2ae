"""Chapter 18: ColorMamba, its controls, and all near-infrared ways in one table."""
