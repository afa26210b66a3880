"""The engine's benchmarks: wiregrad beside connectome_interpreter, on the same problems.

    python -m benchmarks.engine --suite all --data DATA

run from the repository's root; `--help` says the rest. Nothing here is imported by the package.
"""
