"""The type of the arrays of this package."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
