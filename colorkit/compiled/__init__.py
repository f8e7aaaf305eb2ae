"""Inner loops that Numba compiles for the processor at hand, one file a purpose.

Each takes seconds to compile when it is imported: whoever needs it imports it then.
"""
