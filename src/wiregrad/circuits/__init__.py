"""Circuits: what carries activity from a stimulus to the targets."""

from ._answer import Answer, network_of, result_circuit
from ._best_paths import BestPaths, best_paths
from ._circuit import Circuit, circuit
from ._compare_circuits import CircuitComparison, compare_circuits
from ._ends import edge_ends
from ._prune_circuit import path_circuit, prune_circuit
from ._strongest_circuit import strongest_circuit

__all__ = [
    "Answer",
    "BestPaths",
    "Circuit",
    "CircuitComparison",
    "best_paths",
    "circuit",
    "compare_circuits",
    "edge_ends",
    "network_of",
    "path_circuit",
    "prune_circuit",
    "result_circuit",
    "strongest_circuit",
]
