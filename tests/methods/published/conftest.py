"""Networks with stand-in weights, made once for all tests that use them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from huebench.methods.base import methods
from huebench.methods.published import network

from .stand_in import GAINS, stand_in


@pytest.fixture(scope="session", autouse=True)
def _restored_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def filled() -> Callable[[str], torch.nn.Module]:
    """Return a function that returns a method's network with stand-in weights."""
    made: dict[str, torch.nn.Module] = {}

    def fill(name: str) -> torch.nn.Module:
        if name not in made:
            made.clear()  # one at a time: some take a gigabyte
            made[name] = network(name)
            made[name].load_state_dict(stand_in(made[name].state_dict(), GAINS.get(name, 1.0)))
        return made[name]

    return fill


@pytest.fixture(scope="module")
def weights_file(filled, tmp_path_factory) -> Iterator[Callable[[str], Path]]:
    """Return a function that writes a method's stand-in weights under the published name of the file."""
    folder = tmp_path_factory.mktemp("weights")

    def write(name: str) -> Path:
        checkpoint = next(iter(methods.get(name).checkpoints.values()))
        path = folder / checkpoint.file
        if not path.exists():
            torch.save(filled(name).state_dict(), path)
        return path

    yield write
    for path in folder.iterdir():  # they are large, and pytest keeps the folders of three sessions
        path.unlink()
