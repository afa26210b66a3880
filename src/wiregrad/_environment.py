"""What must be set before PyTorch and numba load: imported first of all the package's modules.

OpenMP threads are asked to sleep rather than spin while they wait for work. PyTorch and numba keep
a pool of threads each; where all cores are busy, spinning threads hold up those that they wait for.
On FlyWire (2.3M edges, two cores with other work) an iteration of activation maximisation takes
0.65 s with threads that spin for long and 0.03 s with sleeping ones.

Sleeping threads take some 70 microseconds to wake, though, and an iteration wakes them a dozen
times. So those of GNU's runtime spin for a tenth of a millisecond first: that takes a fifth off an
iteration at batch 1 on an idle machine, and costs nothing on a busy one.

OpenMP reads the settings when it is loaded, so it is too late after `import torch`. What the user
has set stays.
"""

import os

# So many rounds, at about 100,000 a millisecond.
_ROUNDS = "10000"

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", _ROUNDS)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
