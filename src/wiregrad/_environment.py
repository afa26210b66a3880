"""What must be set before PyTorch and numba load: imported first of all the package's modules.

OpenMP threads are asked to sleep rather than spin while they wait for work. PyTorch and numba keep
a pool of threads each; where all cores are busy, spinning threads hold up those that they wait for.
On FlyWire (2.3M edges, two cores with other work) an iteration of activation maximisation takes
0.65 s with spinning threads and 0.03 s with sleeping ones; on an idle machine both take 0.025 s.

OpenMP reads the setting when it is loaded, so it is too late after `import torch`. What the user
has set stays.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
