"""The metadata of a method is checked where it is made."""

import pytest
from pydantic import ValidationError

from huebench import UserError
from huebench.methods.info import MethodInfo

RIGHT = {"name": "my-method", "family": "classical", "source": "a test"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "My Method"}, "MethodInfo of 'My Method': name: must be in kebab-case"),
        ({"name": "a--b"}, "name: must be in kebab-case"),
        (
            {"family": "quantum"},
            "family: must be 'baseline', 'classical', 'deep', 'published', 'hinted' or 'exemplar'",
        ),
        ({"source": ""}, "source: must have at least 1 character"),
        ({"reference": "alike"}, "reference: must be 'none', 'similar' or 'random'"),
        ({"seeded": "no"}, "seeded: must be true or false"),
        ({"weights": "resnet34"}, "weights: must be a list"),
        ({"needs_truth": True}, "needs_truth: unknown"),
    ],
)
def test_wrong_metadata_names_the_method_the_field_and_what_is_allowed(wrong, message):
    with pytest.raises(UserError) as error:
        MethodInfo(**RIGHT | wrong)
    assert message in str(error.value)


def test_missing_metadata_is_named():
    with pytest.raises(UserError, match=r"MethodInfo: name: missing; family: missing"):
        MethodInfo(source="a test")


def test_metadata_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        MethodInfo(**RIGHT).name = "another"
