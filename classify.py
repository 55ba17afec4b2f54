"""Tag photos with a model that train.py saved.

python classify.py --image photo.jpg
python classify.py --image photos/ more.png --csv > tags.csv
python classify.py --evaluate photos/
find . -name '*.jpg' | python classify.py --image - --json
python classify.py --image photo.jpg --output tagged.png
python classify.py --image photos/ --workers 8 --output tags.parquet
"""

import argparse
import sys

from pyimagesearch import console
from pyimagesearch.cli import classify_arguments
from pyimagesearch.images import processes


def work(options: argparse.Namespace) -> None:
    """Do what was asked. The decoders get ready while the rest loads, which takes as long."""
    if options.image and not options.workers:
        is_single = classify_arguments.names_one_file(options.image)
        processes.start(1 if is_single else processes.processors())
    from pyimagesearch import classification

    if options.evaluate:
        classification.evaluate(options)
    elif options.workers:
        classification.tag_by_workers(options)
    else:
        classification.classify(options)


def main() -> int:
    """Run the command and return its exit status."""
    options = classify_arguments.parse()
    return console.run(lambda: work(options), options.verbose)


if __name__ == "__main__":
    sys.exit(main())
