"""Where images come from, and how they become batches of Lab tensors on the device."""
