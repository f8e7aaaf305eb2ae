"""colorkit: a course and report on automatic image colorization that runs.

Importing the package is instant: torch, Lightning and matplotlib are loaded by the modules
that use them. The floors of the house, from the ground up (imports only run down):

1. `color`, `images`, `files`, `errors`, `models`, `claims`
2. `data`, `losses`, `metrics`
3. `training`, `profiles`, `figures`, `chapter`, `report`
4. `cli`
"""

__version__ = "0.1.0"
