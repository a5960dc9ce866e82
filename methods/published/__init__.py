"""Networks that were trained elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def network(name: str) -> nn.Module:
    """Return the bare network of a published method, in evaluation mode, with random weights.

    Its entries have the names of the published files.

    Parameters
    ----------
    name
        The method, such as ``ddcolor-tiny``.

    Raises
    ------
    UserError
        If there is no such published network.

    Examples
    --------
    >>> network("icolorit-tiny").load_state_dict(torch.load("icolorit_tiny.pth")["model"])  # doctest: +SKIP
    """
    from ... import UserError
    from ..base import methods
    from ..pretrained.method import PublishedMethod

    cls = methods.get(name)
    if not issubclass(cls, PublishedMethod):
        known = [each for each, other in methods.items().items() if issubclass(other, PublishedMethod)]
        raise UserError(f"method '{name}' is not a published network; those are {', '.join(known)}")
    return cls().build_network().eval()
