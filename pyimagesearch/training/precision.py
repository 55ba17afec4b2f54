"""How a training step is computed: in float32 on a CPU, in mixed precision and compiled on a GPU.

On two CPU cores bfloat16 is slower than float32, and XLA no quicker than TensorFlow's own kernels.
What a GPU gains was not measured; that such a step learns the same is tested on a CPU.
"""

from dataclasses import dataclass

import tensorflow as tf

AMPERE = (8, 0)  # the first with bfloat16 in hardware, which needs no scaling of the loss


@dataclass(frozen=True)
class Precision:
    """What the network's dtype_policy are done in, and whether XLA compiles the step."""

    dtype_policy: str = "float32"  # a Keras dtype policy
    is_compiled: bool = False


def choose() -> Precision:
    """Return what suits the first GPU, or the CPU where there is none."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return Precision()
    details = tf.config.experimental.get_device_details(gpus[0])
    has_bfloat16 = details.get("compute_capability", (0, 0)) >= AMPERE
    return Precision("mixed_bfloat16" if has_bfloat16 else "float32", is_compiled=True)
