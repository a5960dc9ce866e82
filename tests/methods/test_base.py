import pytest

from huebench.methods.base import Method, MethodInfo


def test_the_weights_of_torch_modules_are_counted_and_an_unknown_number_is_none():
    torch = pytest.importorskip("torch")

    class Plain(Method):
        info = MethodInfo(name="plain", family="deep", source="a test")

        def colorize(self, lightness, context):
            raise NotImplementedError

    method = Plain()
    assert method.parameter_count is None
    method.network = torch.nn.Linear(3, 2)
    assert method.parameter_count == 8
