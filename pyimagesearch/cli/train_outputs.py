"""Whether the files that train.py is going to write can be written, before any work is done."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch import files
from pyimagesearch.cli.train_arguments import saves_model
from pyimagesearch.console import CommandError
from pyimagesearch.data import tables
from pyimagesearch.evaluation import audit
from pyimagesearch.labels.samples import Sample, count_labels
from pyimagesearch.training import checkpoint


def check(options: argparse.Namespace, samples: Sequence[Sample]) -> None:
    """Raise CommandError if an output cannot be written, or would replace another file."""
    outputs = _outputs(options)
    for purpose, path in outputs.items():
        files.check_writable(path)
        is_picture = purpose in ("--plot", "the pictures of --audit")
        if is_picture and options.dataset in path.parents:
            raise CommandError(
                f"{path}: is in the folder of photos {options.dataset}, so the next run would read "
                f"it as a photo; choose another place for {purpose}"
            )
    files.check_different(_inputs(options) | outputs)
    if options.audit:
        audit.check(options.audit, count_labels(samples))


def _outputs(options: argparse.Namespace) -> dict[str, Path]:
    """Return the paths that the run writes, by their purpose."""
    outputs: dict[str, Path] = {}
    if saves_model(options):
        outputs |= {
            "--model": options.model,
            "--labelbin": options.labelbin,
            "--plot": options.plot,
            "--metrics": options.metrics,
            "the checkpoint": checkpoint.path_for(options.model),
        }
    if options.export_labels:
        outputs["--export-labels"] = options.export_labels
    if options.audit:
        outputs["--audit"] = options.audit
        outputs["the pictures of --audit"] = audit.sheet_next_to(options.audit)
    return outputs


def _inputs(options: argparse.Namespace) -> dict[str, Path]:
    """Return the files and folders that the run reads, by their purpose."""
    inputs = {"--dataset": options.dataset}
    if options.labels:
        inputs["--labels"] = options.labels
    elif xml := tables.find_xml(options.dataset):
        inputs["the label XML"] = xml
    return inputs
