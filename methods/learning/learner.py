"""A training step: networks, losses and optimizers, apart from the loop that repeats it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from .depthwise import depthwise_in_float32
from .network import ColorNetwork
from .parallel import average_gradients, sync_batch_norm

Precision = Literal["fp32", "bf16"]

BF16_INSTRUCTIONS = ("amx_bf16", "bf16")
"""Names of x86's and Arm's instructions for bf16 matrices in `torch.cpu.get_capabilities`.

``avx512_bf16`` is not among them: on a Xeon that has it without AMX, training steps of ResNet-34, MobileNetV2
and plain convolutions were 1.5 times slower in bf16 than in fp32. On an AMD EPYC of the fifth generation they
were 1.5 to 1.7 times faster.
"""

Forward = Callable[[Tensor], Tensor]  #: A network's forward pass, compiled or not

PredictionLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From a raw prediction, L* and true a*b* to a scalar."""


@dataclass(frozen=True)
class Step:
    """The result of one batch, as tensors that are still on the device."""

    loss: Tensor  #: Mean over the batch, a scalar
    gradient_norm: Tensor  #: 2-norm over all gradients, a scalar; not finite where any gradient is not
    ab: Tensor  #: Predicted a*b*, (N, 2, H, W)


class Learner(ABC):
    """Networks with their losses and optimizers; a GAN has several of each.

    Parameters
    ----------
    networks
        Every trained network by name; the one called ``generator`` colorizes.
    optimizers, schedulers
        Optimizers and learning-rate schedules by name.
    precision
        ``bf16`` runs forward passes under autocast; weights and optimizers stay in float32.
    every_step
        Whether the schedules step after every batch, not after every epoch.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        optimizers: Mapping[str, Optimizer],
        schedulers: Mapping[str, LRScheduler],
        precision: Precision,
        *,
        every_step: bool = False,
    ) -> None:
        device = next(networks["generator"].parameters()).device
        for network in networks.values():
            sync_batch_norm(network)
            if device.type == "cpu":
                depthwise_in_float32(network)
        self.networks = networks
        self.optimizers = optimizers
        self.schedulers = schedulers
        self.every_step = every_step
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")

    @abstractmethod
    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Learn from one batch of L* (N, 1, H, W) and true a*b* (N, 2, H, W)."""

    @abstractmethod
    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and predicted a*b* of one batch without learning from it."""

    def train(self, mode: bool = True) -> None:
        """Put every network into training mode, or into evaluation mode."""
        for network in self.networks.values():
            network.train(mode)

    def end_step(self) -> None:
        """Step the learning-rate schedules that step after every batch."""
        if self.every_step:
            self._step_schedules()

    def end_epoch(self) -> None:
        """Step the learning-rate schedules that step after every epoch."""
        if not self.every_step:
            self._step_schedules()

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """Return the networks' trained weights and buffers by name, not as copies."""
        return {f"network {name}": _trained_state(network) for name, network in self.networks.items()}

    def load_weights(self, state: Mapping[str, dict[str, Tensor]]) -> None:
        """Restore what `weights` returned."""
        for name, network in self.networks.items():
            network.load_state_dict(network.state_dict() | state[f"network {name}"])

    def state_dict(self) -> dict[str, dict[str, Any]]:
        """Return everything that training changes, as tensors and plain numbers."""
        return self.weights() | {name: part.state_dict() for name, part in self._optimizer_parts().items()}

    def load_state_dict(self, state: Mapping[str, dict[str, Any]]) -> None:
        """Restore what `state_dict` returned."""
        self.load_weights(state)
        for name, part in self._optimizer_parts().items():
            part.load_state_dict(state[name])

    def _step_schedules(self) -> None:
        for scheduler in self.schedulers.values():
            scheduler.step()

    def _optimizer_parts(self) -> dict[str, Optimizer | LRScheduler]:
        optimizers = {f"optimizer {name}": optimizer for name, optimizer in self.optimizers.items()}
        return optimizers | {f"scheduler {name}": scheduler for name, scheduler in self.schedulers.items()}


def native_precision(device: str) -> Precision:
    """Return ``bf16`` for a GPU or a processor whose instructions for it are fast, else ``fp32``.

    On other processors bf16 is slower than fp32.
    """
    found = torch.cpu.get_capabilities()
    capable = device == "cuda" or any(found.get(name) for name in BF16_INSTRUCTIONS)
    fast = found.get("avx512_bf16") and str(found.get("cpu_name", "")).startswith("AMD")
    return "bf16" if capable or fast else "fp32"


def _trained_state(network: nn.Module) -> dict[str, Tensor]:
    frozen = network.frozen if isinstance(network, ColorNetwork) else ()
    return {name: value for name, value in network.state_dict().items() if not name.startswith(frozen)}


class Supervised(Learner):
    """One network, trained on its own loss or on another one.

    Parameters
    ----------
    network
        The network; already on its device.
    optimizer, scheduler
        Its optimizer and learning-rate schedule.
    precision
        As for `Learner`.
    compiled
        Whether training steps go through ``torch.compile``.
    content
        The loss of a raw prediction, given L* and true a*b*; ``None`` takes the network's own.
    every_step
        As for `Learner`.
    """

    def __init__(
        self,
        network: ColorNetwork,
        optimizer: Optimizer,
        scheduler: LRScheduler,
        precision: Precision = "fp32",
        *,
        compiled: bool = False,
        content: PredictionLoss | None = None,
        every_step: bool = False,
    ) -> None:
        super().__init__(
            {"generator": network},
            {"generator": optimizer},
            {"generator": scheduler},
            precision,
            every_step=every_step,
        )
        self.network = network
        self._optimizer = optimizer
        self._content = content or (lambda prediction, _, ab: network.loss(prediction, ab))
        self._forward: Forward = torch.compile(network) if compiled else network

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one optimizer step on the network's loss."""
        loss, predicted = self._loss(self._forward, lightness, ab)
        norm = descend(loss, self._optimizer)
        return Step(loss.detach(), norm, predicted.detach())

    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the network's loss and its a*b*."""
        return self._loss(self.network, lightness, ab)

    def _loss(
        self, forward: Callable[[Tensor], Tensor], lightness: Tensor, ab: Tensor
    ) -> tuple[Tensor, Tensor]:
        with self.autocast:
            prediction = forward(lightness)
        prediction = prediction.float()
        return self._content(prediction, lightness, ab), self.network.chroma(prediction)


def descend(loss: Tensor, optimizer: Optimizer) -> Tensor:
    """Step ``optimizer`` down the gradient of ``loss``; return the gradient's norm, a scalar.

    If several processes train together, it uses the mean of their gradients.
    """
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [
        weight.grad
        for group in optimizer.param_groups
        for weight in group["params"]
        if weight.grad is not None
    ]
    average_gradients(gradients)
    norm = torch.nn.utils.get_total_norm(gradients)
    optimizer.step()
    return norm
