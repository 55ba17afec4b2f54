"""Labels of photos, from whatever they are written in, and out again.

`read` is the entrance. A label file is parsed by its module in `formats` into rows; `paths` finds
the photos that the rows mean; `combine` adds the rows up to one sample for each photo; `check`
looks for labels that were misread.
"""

from pyimagesearch.labels.check import check_labels
from pyimagesearch.labels.existing import Existing
from pyimagesearch.labels.export import write_csv, write_rows
from pyimagesearch.labels.formats.cells import join_labels
from pyimagesearch.labels.formats.folders import labels_of_folder
from pyimagesearch.labels.keywords import write_keywords
from pyimagesearch.labels.reading import LabelledSamples, read
from pyimagesearch.labels.samples import Sample, Split, count_labels, count_labelsets
from pyimagesearch.labels.sidecars import sidecar_of, write_sidecar

__all__ = [
    "Existing",
    "LabelledSamples",
    "Sample",
    "Split",
    "check_labels",
    "count_labels",
    "count_labelsets",
    "join_labels",
    "labels_of_folder",
    "read",
    "sidecar_of",
    "write_csv",
    "write_keywords",
    "write_rows",
    "write_sidecar",
]
