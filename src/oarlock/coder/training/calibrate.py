"""Calibration on out-of-fold predictions: one scale and one bias per label for each head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Strength of the pull of the biases towards zero: as much as this many examples.
_BIAS_PRIOR = 4.0


def fit_calibration(
    logits: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[float, list[float]]:
    """Return the scale and the biases that minimise the log-loss of held-out examples.

    Args:
        logits: (n, n_labels) logits of examples that the model was not fitted on.
        labels: (n,) index of the human label.

    Returns:
        Scale (the inverse of a temperature) and one bias per label, which sum to zero.

    Source:
        Guo et al. (2017), arXiv:1706.04599, section 4.2; biases with a Gaussian prior.
    """
    import torch

    z = torch.tensor(logits, dtype=torch.float64)
    y = torch.tensor(labels, dtype=torch.int64)
    log_scale = torch.zeros((), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(z.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_scale, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(z * log_scale.exp() + bias, y, reduction="sum")
        loss = loss + _BIAS_PRIOR * (bias**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    centred = bias.detach() - bias.detach().mean()
    return float(log_scale.detach().exp()), [float(b) for b in centred]
