import pytest

from pyimagesearch.model_file.guard.onnx_operators import OPERATORS, Shape
from pyimagesearch.model_file.guard.refused import RefusedError

WINDOW = {"kernel_shape": (3, 3), "strides": (1, 1), "auto_pad": b"SAME_UPPER"}


def test_a_depthwise_convolution_keeps_the_shape() -> None:
    rule, _ = OPERATORS["Conv"]
    inputs = [(1, 8, 10, 10), (8, 1, 3, 3), (8,)]
    assert rule(inputs, {**WINDOW, "group": 8}) == (1, 8, 10, 10)


@pytest.mark.parametrize(
    ("groups", "weights"),
    [
        (0, (8, 8, 3, 3)),
        (-8, (8, 1, 3, 3)),
        (3, (8, 2, 3, 3)),
        (8, (8, 8, 3, 3)),
        (1, (8, 1, 3, 3)),
        (8, (12, 1, 3, 3)),
    ],
)
def test_a_convolution_in_groups_that_do_not_fit_is_refused(groups: int, weights: Shape) -> None:
    rule, _ = OPERATORS["Conv"]
    with pytest.raises(RefusedError, match="convolution"):
        rule([(1, 8, 10, 10), weights], {**WINDOW, "group": groups})


def test_clip_takes_one_number_for_each_limit() -> None:
    rule, _ = OPERATORS["Clip"]
    assert rule([(1, 8, 10, 10), (), ()], {}) == (1, 8, 10, 10)
    for limits in ([], [()], [(), (8,)], [(1,), ()], [(), (), ()]):
        with pytest.raises(RefusedError, match="Clip of"):
            rule([(1, 8, 10, 10), *limits], {})
