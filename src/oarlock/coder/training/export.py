"""From a fitted encoder to the int8 ONNX file that ships."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import torch

from oarlock.coder.tasks import HEADS
from oarlock.coder.training.model import MultiTaskEncoder

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export_int8(model: MultiTaskEncoder, path: Path) -> None:
    """Write the model as one int8 ONNX file.

    Operators are fused first, then weights are quantised per channel. `reduce_range` keeps the
    sums exact on processors without VNNI instructions.

    Args:
        model: Fitted encoder.
        path: File to write; replaced if it exists.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    model.eval()
    ids = torch.randint(100, 3000, (2, 12))
    mask = torch.ones_like(ids)
    segments = torch.zeros_like(ids)
    segments[:, 8:] = 1
    with tempfile.TemporaryDirectory() as folder:
        plain, fused = Path(folder) / "plain.onnx", Path(folder) / "fused.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter traces Python branches on shapes
            torch.onnx.export(
                model,
                (ids, mask, segments),
                str(plain),
                input_names=list(INPUTS),
                output_names=list(HEADS),
                dynamic_axes={name: {0: "batch", 1: "length"} for name in INPUTS},
                opset_version=17,
                dynamo=False,
            )
        config = model.encoder.config
        optimised = optimizer.optimize_model(
            str(plain),
            "bert",
            num_heads=config.num_attention_heads,
            hidden_size=config.hidden_size,
            optimization_options=FusionOptions("bert"),
            opt_level=0,
        )
        optimised.save_model_to_file(str(fused))
        quantize_dynamic(
            str(fused),
            str(path),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
