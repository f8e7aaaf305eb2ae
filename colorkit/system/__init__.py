"""The machine: errors, whole files, processes, what the processor can do."""
