"""Attack: bring a model that reaches beyond itself. Refused by name before ONNX Runtime sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper

from dongui.biometrics.cards import ModelCard
from dongui.biometrics.recognisers.arcface_onnx import ArcFaceOnnx
from dongui.biometrics.recognisers.brought import MAX_CARD_BYTES, read_brought_card
from dongui.biometrics.recognisers.catalogue import load_brought
from dongui.biometrics.recognisers.input_form import ChannelOrder, InputForm
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.errors import Misuse, Trouble
from simulators.recogniser_models import FIELDS, arcface_like, card_text, model_of

FORM = InputForm(ChannelOrder.RGB, 127.5, 1 / 128, 512)
CARD = ModelCard(**{**FIELDS, "weights_sha256": "00" * 32})


def loaded(model: onnx.ModelProto | bytes, form: InputForm = FORM) -> ArcFaceOnnx:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return ArcFaceOnnx(OnnxModel(data), card=CARD, form=form)


def outside(model: onnx.ModelProto) -> None:
    """Keep the numbers in a file of the operator's."""
    external_data_helper.set_external_data(model.graph.initializer[1], "../../../etc/passwd", 0, 64)
    model.graph.initializer[1].ClearField("raw_data")


def outside_in_a_constant(model: onnx.ModelProto) -> None:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[4, 3, 3, 3], name="kernel", raw_data=b"x")
    external_data_helper.set_external_data(tensor, "kernel.bin")
    del model.graph.initializer[0]
    model.graph.node.insert(0, helper.make_node("Constant", [], ["kernel"], value=tensor))


def foreign_operator(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example.ops", 1))
    model.graph.node[0].domain = "com.example.ops"


def foreign_operator_undeclared(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def own_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    model.functions.append(
        helper.make_function("", "Mine", ["x"], ["y"], [node], [helper.make_opsetid("", 13)])
    )


def endless(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", [], [], body=body))


def branching(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["fc1"], [], then_branch=body, else_branch=body))


def huge(model: onnx.ModelProto) -> None:
    """A hundred bytes that ask for 256 GiB."""
    length = helper.make_tensor("length", TensorProto.INT64, [2], [2**18, 2**18])
    model.graph.initializer.append(length)
    model.graph.node.append(helper.make_node("ConstantOfShape", ["length"], ["large"]))
    model.graph.node.append(helper.make_node("ReduceSum", ["large"], ["gone"]))


def claimed(model: onnx.ModelProto) -> None:
    model.graph.initializer[1].dims[0] = 2**40


def negative(model: onnx.ModelProto) -> None:
    model.graph.initializer[1].dims[0] = -1


def second_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    model.graph.node.append(helper.make_node("Identity", ["more"], ["more_out"]))


def second_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, [1, 784]))


def no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def wrong_type(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


@pytest.mark.parametrize(
    "change",
    [
        *(outside, outside_in_a_constant, foreign_operator, foreign_operator_undeclared, own_function),
        *(endless, branching, huge, claimed, negative, second_input, second_output, wrong_type, no_output),
    ],
)
def test_a_model_that_reaches_beyond_itself_is_refused(change: Callable[[onnx.ModelProto], None]) -> None:
    """Other files, other libraries, no end, no bounds, other signatures: one name, and nothing is run."""
    model = arcface_like()
    loaded(model)
    change(model)
    with pytest.raises(Misuse) as refused:
        loaded(model)
    assert refused.value.name == "recogniser.model-unfit"


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x07" * 50, b"\xff" * 1000])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    """No exception of a library reaches the user."""
    with pytest.raises(Misuse) as refused:
        loaded(data)
    assert refused.value.name == "recogniser.model-unfit"


def test_a_name_that_is_no_text_is_refused_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    """The attack: let the library write to standard output, where a command's JSON stands."""
    data = arcface_like(names=("data", "output-of-it")).SerializeToString()
    with pytest.raises(Misuse) as refused:
        loaded(data.replace(b"output-of-it", b"output\xff\xfe\xfdof-i"))
    assert refused.value.name == "recogniser.model-unfit"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("cut_at", range(100, 5000, 700))
def test_a_truncated_model_is_refused(cut_at: int) -> None:
    """Half a file is none."""
    with pytest.raises(Misuse):
        loaded(arcface_like().SerializeToString()[:cut_at])


@pytest.mark.parametrize(
    "model",
    [
        arcface_like(shape=(1, 3, 160, 160)),
        arcface_like(shape=(1, 112, 112, 3)),
        arcface_like(shape=(4, 3, 112, 112)),
        arcface_like(numbers=256),
    ],
    ids=["larger", "channels-last", "four-at-once", "fewer-numbers"],
)
def test_another_signature_than_the_cards_is_refused(model: onnx.ModelProto) -> None:
    """What the card says is what the model takes and gives."""
    with pytest.raises(Misuse) as refused:
        loaded(model)
    assert refused.value.name == "recogniser.model-unfit"


def test_an_old_exporters_file_is_taken() -> None:
    """Before its fourth version ONNX listed weights among the inputs; the picture is the only one fed."""
    model = arcface_like()
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, tensor.dims))
    model.ir_version = 3
    model.opset_import[0].version = 11
    assert len(loaded(model).template(np.full((112, 112, 3), 9, np.uint8)).features) == 512


def test_a_model_with_an_open_batch_is_taken() -> None:
    """Most published files leave the number of pictures open."""
    recogniser = loaded(arcface_like(shape=("N", 3, 112, 112)))
    crop = np.random.default_rng(1).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    before = crop.copy()
    one, other = recogniser.templates([crop, crop])
    assert np.array_equal(one.features, other.features)
    assert np.array_equal(one.features, recogniser.template(crop).features)
    assert np.linalg.norm(one.features) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(crop, before)


def test_colours_are_taken_in_the_cards_order_and_scale() -> None:
    """Red first or blue first, less the mean, times the scale: the net sees what its card says."""
    nodes = [
        helper.make_node("ReduceMean", ["data"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "spread"], ["fc1"]),
    ]
    spread = np.zeros((3, 64), np.float32)
    spread[0, 0] = spread[1, 1] = spread[2, 2] = 1
    model = model_of(nodes, {"data": (1, 3, 112, 112)}, {"fc1": (1, 64)}, {"spread": spread})
    crop = np.full((112, 112, 3), (200, 130, 20), np.uint8)
    for order, seen in ((ChannelOrder.RGB, (200, 130, 20)), (ChannelOrder.BGR, (20, 130, 200))):
        form = InputForm(order, 100.0, 0.01, 64)
        expected = (np.array(seen) - 100) * 0.01
        features = loaded(model, form).template(crop).features[:3]
        assert np.allclose(features, expected / np.linalg.norm(expected), atol=1e-5)


@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf])
def test_a_net_that_gives_no_direction_answers_nothing(scale: float) -> None:
    """All zeros would be at distance zero of each other: the closest match there is."""
    recogniser = loaded(arcface_like(scale=scale))
    with pytest.raises(Trouble) as refused:
        recogniser.template(np.full((112, 112, 3), 9, np.uint8))
    assert refused.value.name == "recogniser.output-unfit"


def test_a_card_is_read_whole_or_not_at_all() -> None:
    """Licence, training data and consent are required; nothing has a default and nothing is passed over."""
    data = arcface_like().SerializeToString()
    card = read_brought_card(card_text(data).encode())
    assert (card.card.name, card.file_bytes, card.form.numbers) == ("tiny-net", len(data), 512)
    places = [f"model__{name}" for name in (*FIELDS, "weights_sha256")]
    places += ["file__bytes", "input__side_pixels", "input__channel_order", "input__mean", "input__scale"]
    for place in (*places, "output__numbers", "pipeline__detector"):
        with pytest.raises(Misuse) as refused:
            read_brought_card(card_text(data, **{place: ""}).encode())
        assert refused.value.name == "recogniser.card-malformed", place


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("model__consent_of_its_people", '"probably"'),
        ("model__licence", '" "'),
        ("model__name", '"../../etc/passwd"'),
        ("model__name", '"Tiny"'),
        ("model__weights_sha256", '"00"'),
        ("model__limits", '"\\u001b[2J"'),
        ("model__limits", f'"{"x" * 5000}"'),
        ("model__year", "2026"),
        ("model__password", '"x"'),
        ("file__bytes", "0"),
        ("file__bytes", "1099511627776"),
        ("file__bytes", "true"),
        ("input__side_pixels", "160"),
        ("input__channel_order", '"GRB"'),
        ("input__mean", "nan"),
        ("input__mean", "1e9"),
        ("input__scale", "0.0"),
        ("input__scale", "-1.0"),
        ("output__numbers", "100"),
        ("output__numbers", "65536"),
        ("pipeline__detector", '"sface-2021dec"'),
    ],
)
def test_a_card_that_says_what_cannot_be_is_none(place: str, value: str) -> None:
    """Each with the same name; the message says which member."""
    with pytest.raises(Misuse) as refused:
        read_brought_card(card_text(b"x", **{place: value}).encode())
    assert refused.value.name == "recogniser.card-malformed"


@pytest.mark.parametrize(
    "text",
    ["", "x", "[model]", "\ud800", "[" * 5000, "x = 1\n" + card_text(b"x"), "#" * (MAX_CARD_BYTES + 1)],
)
def test_text_that_is_no_card_is_refused(text: str) -> None:
    """Not TOML, not UTF-8, too deep, too long, or with more than a card holds."""
    with pytest.raises(Misuse) as refused:
        read_brought_card(text.encode("utf-8", "surrogatepass"))
    assert refused.value.name == "recogniser.card-malformed"


def test_a_model_that_ships_is_not_replaced() -> None:
    """Nobody brings another model under the name receipts carry already."""
    with pytest.raises(Misuse) as refused:
        read_brought_card(card_text(b"x", model__name='"dlib-resnet-v1"').encode())
    assert refused.value.name == "recogniser.name-taken"


def test_other_bytes_than_the_cards_are_not_loaded(tmp_path: Path) -> None:
    """One byte more, or another one: the weights were altered."""
    data = arcface_like().SerializeToString()
    card = read_brought_card(card_text(data).encode())
    load_brought(data, card)
    for altered in (data + b"\0", data[:-1] + bytes([data[-1] ^ 1])):
        with pytest.raises(Trouble) as refused:
            load_brought(altered, card)
        assert refused.value.name == "recogniser.weights-altered"
