"""Tags written for other programs: text files, keywords inside photos, tasks of Label Studio."""

import argparse
from pathlib import Path

from pyimagesearch import console, files, labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import export
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.tagger import Tagged


class TagFiles:
    """Writes the tags of each photo in all the forms that the options ask for."""

    def __init__(self, options: argparse.Namespace, config: TaggerConfig) -> None:
        """Check the options before any work is done; raises CommandError if they cannot work."""
        self.options, self.config = options, config
        self.last_sidecar: Path | None = None
        self.kept = 0
        self.tasks: list[dict[str, object]] = []
        if options.label_studio:
            for path in (options.label_studio, options.label_studio.with_suffix(".xml")):
                files.check_writable(path)

    def write(self, path: Path, tagged: Tagged) -> None:
        """Write the tags of the photo at `path`."""
        if self.options.sidecar:
            self._write_sidecar(path, tagged)
        if self.options.keywords:
            self._write_keywords(path, tagged)
        if self.options.label_studio:
            self.tasks.append(
                export.label_studio_task(
                    *(path, tagged.probabilities, tagged.tags, self.config.groups),
                    root=Path(),
                    model_version=self.options.model.name,
                )
            )

    def _write_sidecar(self, path: Path, tagged: Tagged) -> None:
        sidecar = labels.sidecar_of(path)
        if sidecar == self.last_sidecar:
            console.warn(f"{path}: {sidecar} has the tags of another photo; not written")
            return
        self.last_sidecar = sidecar
        is_there = sidecar.exists()
        changed = labels.write_sidecar(path, tagged.tags, self.options.existing)
        self.kept += is_there and not changed

    def _write_keywords(self, path: Path, tagged: Tagged) -> None:
        try:
            self.kept += not labels.write_keywords(path, tagged.tags, self.options.existing)
        except CommandError as error:
            console.warn(str(error))

    def finish(self) -> None:
        """Write what needs all photos, and report what was left as it was."""
        if self.kept and self.options.existing != "replace":
            console.status(
                f"{self.kept} with other labels left as they are (--existing append adds tags, "
                "--existing replace overwrites)"
            )
        if path := self.options.label_studio:
            config = export.label_studio_config(self.config.labels, self.config.groups)
            interface = export.write_label_studio(self.tasks, config, path)
            console.status(f"wrote {path}, and its labelling interface {interface}")
