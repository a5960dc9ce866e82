"""Types and compiler options that the kernels share."""

from typing import Any

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
UInt8 = npt.NDArray[np.uint8]

# Fused multiply-add where it saves time; no other fast-math option, so that NaN keeps its meaning.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "cache": True, "nogil": True}
CONTRACT = {"fastmath": {"contract"}, **OPTIONS}
