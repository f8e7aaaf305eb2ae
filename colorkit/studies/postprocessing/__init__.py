"""Chapter 6: what contrast, saturation and other histograms mend of a colorized image."""
