"""What activation maximisation attains: wiregrad beside connectome_interpreter, target by target.

    python -m benchmarks.attainment --sizes worm,larva,flywire --data DATA

run from the repository's root; `--help` says the rest. Nothing here is imported by the package.
"""
