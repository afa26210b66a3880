"""How well training does: known parameters, real responses, and an epoch on a whole brain.

    python -m benchmarks.training [--data DATA] [--parts PART,PART]

DATA is the folder of the shared data. Without parts, all are measured anew. Writes
benchmarks/training.json and docs/training.md.
"""
