"""What is inside a LiteRT file: its convolutions, batch norm folded in, and its backbone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from maskcore.errors import ModelError

_FLOATS = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16}


@dataclass(frozen=True)
class FoldedConvolution:
    """A convolution and the batch norm behind it in one.

    Attributes:
        name: the batch norm's, as the exporting process had it, where the file says so.
        kernel: float32 (H, W, inputs, outputs), of a depthwise one (H, W, channels, 1).
        bias: float32 (outputs or channels,).
    """

    name: str
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def folded_convolutions(content: bytes) -> list[FoldedConvolution]:
    """Read the convolutions of a .tflite file in the order they are computed.

    Weights kept in half precision or in 8 bits are brought back to float32, as LiteRT does.

    Raises:
        ModelError: the file is no model, or computes in whole numbers throughout.
    """
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
        graph = model.subgraphs[0]
        codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
        # Half-precision weights pass through an operation that makes them float32.
        origin = {
            int(step.outputs[0]): int(step.inputs[0])
            for step in graph.operators
            if codes[step.opcodeIndex] == schema.BuiltinOperator.DEQUANTIZE
        }
        convolutions = []
        for step in graph.operators:
            if codes[step.opcodeIndex] not in (
                schema.BuiltinOperator.CONV_2D,
                schema.BuiltinOperator.DEPTHWISE_CONV_2D,
            ):
                continue
            kernel, bias = (origin.get(int(i), int(i)) for i in step.inputs[1:3])
            convolutions.append(
                FoldedConvolution(
                    name=_batch_norm(graph.tensors[bias].name.decode()),
                    kernel=np.transpose(_values(model, graph.tensors[kernel]), (1, 2, 3, 0)),
                    bias=_values(model, graph.tensors[bias]),
                )
            )
    except ModelError:
        raise
    except Exception as error:  # a damaged file misleads the reader in any way it likes
        raise ModelError("The installed model's weights cannot be read from its file.") from error
    return convolutions


def backbone_alone(content: bytes) -> bytes:
    """A .tflite file that ends where a classifier's head begins, at its flattening.

    Args:
        content: of a classifier's file.

    Raises:
        ModelError: the file is no model, or flattens nothing.
    """
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
        graph = model.subgraphs[0]
        reshape = schema.BuiltinOperator.RESHAPE
        for number, step in enumerate(graph.operators):
            code = model.operatorCodes[step.opcodeIndex]
            if max(code.builtinCode, code.deprecatedBuiltinCode) == reshape:
                graph.outputs = [step.inputs[0]]
                del graph.operators[number:]
                model.signatureDefs = []
                builder = flatbuffers.Builder(len(content))
                builder.Finish(model.Pack(builder), b"TFL3")
                return bytes(builder.Output())
    except Exception as error:  # a damaged file misleads the reader in any way it likes
        raise ModelError("The installed model's weights cannot be read from its file.") from error
    raise ModelError("The installed model has no part that could be kept as a backbone.")


def _values(model: Any, tensor: Any) -> NDArray[np.float32]:
    """A constant tensor as float32 in its shape."""
    data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
    shape = tuple(int(side) for side in tensor.shape)
    if tensor.type in _FLOATS:
        values: NDArray[np.float32] = data.view(_FLOATS[tensor.type]).reshape(shape)
        return values.astype(np.float32)
    if tensor.type != schema.TensorType.INT8:
        raise ModelError(
            "The installed model computes in whole numbers: no weights to start from can be"
            " taken out of it."
        )
    steps = tensor.quantization
    # One scale for all, or one for each channel along one axis.
    along = [1] * len(shape)
    if len(steps.scale) > 1:
        along[steps.quantizedDimension] = len(steps.scale)
    scale = np.asarray(steps.scale, np.float32).reshape(along)
    zero = np.asarray(steps.zeroPoint, np.float32).reshape(along)
    return (data.view(np.int8).reshape(shape).astype(np.float32) - zero) * scale


def _batch_norm(tensor_name: str) -> str:
    found = re.search(r"([^/;]+)/batchnorm/", tensor_name)
    return found.group(1) if found else ""
