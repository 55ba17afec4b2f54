"""The members of fashion.model: a .keras archive with two additional members.

    metadata.json, config.json, model.weights.h5   the network, as Keras saves it
    tagger.json                                    the `TaggerConfig`
    serving.onnx                                   the ONNX export of the network, if there is one

All members are stored without compression, so that nothing has to be inflated on each start.
"""

import hashlib
import zipfile

METADATA = "metadata.json"
NETWORK_CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
TAGGER_JSON = "tagger.json"
ONNX = "serving.onnx"
MAX_BYTES = {
    METADATA: 2**16,
    NETWORK_CONFIG: 2**24,
    WEIGHTS: 2**32,
    TAGGER_JSON: 2**24,
    ONNX: 10**9,
}


def digests(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return by name the SHA-256 of the two members that must be from the same run."""
    return {name: _sha256(archive, name) for name in (WEIGHTS, ONNX)}


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    sha256 = hashlib.sha256()
    with archive.open(name) as member:
        while part := member.read(2**20):
            sha256.update(part)
    return sha256.hexdigest()
