"""How well training does: known parameters, real responses, and an epoch on a whole brain.

    python -m benchmarks.training DATA

DATA is the folder of the shared data. Writes benchmarks/training.json and docs/training.md.
"""
