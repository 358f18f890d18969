"""Calibration on out-of-fold predictions: scale, biases and decision of each head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.weights import Calibration

#: Strength of the pull of the biases towards zero: a Gaussian prior of this precision.
_BIAS_PRIOR = 80.0
#: With a label rarer than this the decision stays with the most probable label: a lean tuned on so
#: few did not hold up on other sentences.
_FEWEST = 10


#: How far the decision may lean towards rare labels: powers of the inverse prior.
_LEANS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def fit_decision(p: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return one factor per label, for the highest sum of accuracy and macro-F1.

    A single number is chosen, the power of the inverse prior, so that there is little to overfit.
    """
    n_labels = p.shape[1]
    prior = (np.bincount(labels, minlength=n_labels) + 1.0) / (len(labels) + n_labels)
    best, chosen = -1.0, np.ones(n_labels)
    if np.bincount(labels, minlength=n_labels).min() < _FEWEST:
        return chosen.astype(np.float32)
    for lean in _LEANS:
        factors = prior**-lean
        predicted = (p * factors).argmax(axis=1)
        hits = np.bincount(labels[predicted == labels], minlength=n_labels)
        sizes = np.bincount(labels, minlength=n_labels) + np.bincount(predicted, minlength=n_labels)
        present = np.bincount(labels, minlength=n_labels) > 0
        goal = hits.sum() / len(labels) + float((2 * hits / np.maximum(sizes, 1))[present].mean())
        if goal > best + 1e-9:
            best, chosen = goal, factors / factors.max()
    return chosen.astype(np.float32)


def fit_calibration(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> Calibration:
    """Return what minimises the log-loss of held-out examples, and the decision on top of it.

    Args:
        logits: (n, n_labels) logits of examples that the model was not fitted on.
        labels: (n,) index of the human label.

    Returns:
        Scale (the inverse of a temperature), one bias per label, which sum to zero, and factors
        of the decision.

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
    fitted = Calibration(
        float(log_scale.detach().exp()),
        centred.numpy().astype(np.float32),
        np.ones(z.shape[1], dtype=np.float32),
    )
    return replace(fitted, decision=fit_decision(fitted.probabilities(logits), labels))
