"""How good is the MLP for feature tables, compared with classical multi-label methods?

Each method is trained on the training file of a data set of Mulan (scene, yeast, emotions) and
scored on its test file. Settings are the same for all data sets, and none was chosen by looking at
a test file. Those of the MLP were found by cross-validation on the training files of scene and
yeast; here it is trained on the whole training file, with nothing held out. The scores of methods
that depend on chance are means over --seeds runs.

    python -m benchmarks.tables --data FOLDER
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    coverage_error,
    hamming_loss,
    label_ranking_average_precision_score,
    label_ranking_loss,
)

from benchmarks.table_methods import DEPENDS_ON_CHANCE, METHODS, Floats, Predicted
from pyimagesearch import console
from pyimagesearch.data.tables import find_xml, read, read_xml

COLUMNS = ("Hamming", "ranking", "one-error", "coverage", "avg prec", "exact")
HIGHER_IS_BETTER = (False, False, False, False, True, True)
CLOSE = 0.02  # of the best, relative

# Zhang and Zhou used ten-fold cross-validation on yeast instead of these files: ML-kNN in Pattern
# Recognition 40 (2007) 2038-2048, BP-MLL in IEEE TKDE 18 (2006) 1338-1351. The Hamming losses of
# ML-kNN on the test files are from Madjarov et al., Pattern Recognition 45 (2012) 3084-3104.
PUBLISHED: dict[str, dict[str, tuple[float | None, ...]]] = {
    "scene": {"ML-kNN (Madjarov 2012)": (0.099, None, None, None, None, None)},
    "yeast": {
        "ML-kNN (Madjarov 2012)": (0.198, None, None, None, None, None),
        "ML-kNN (Zhang 2007, 10-fold)": (0.194, 0.167, 0.230, 6.275, 0.765, None),
        "BP-MLL (Zhang 2006, 10-fold)": (0.206, 0.171, 0.233, 6.421, 0.756, None),
    },
}


def score(y: Floats, scores: Floats, predicted: Predicted) -> list[float]:
    """Return the values of COLUMNS; coverage is counted from 0, as in the literature."""
    one_error = 1 - y[np.arange(len(y)), scores.argmax(axis=1)].mean()
    return [
        float(hamming_loss(y, predicted)),
        float(label_ranking_loss(y, scores)),
        float(one_error),
        float(coverage_error(y, scores) - 1),
        float(label_ranking_average_precision_score(y, scores)),
        float(accuracy_score(y, predicted)),
    ]


def close_to_best(results: dict[str, list[float]]) -> dict[str, list[bool]]:
    """Return for each method in which columns it is the best, or within 2 % of the best."""
    columns = np.array(list(results.values()))
    best = np.where(HIGHER_IS_BETTER, columns.max(axis=0), columns.min(axis=0))
    return {
        name: list(np.abs(np.array(row) - best) <= CLOSE * best) for name, row in results.items()
    }


def load(folder: Path, name: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the features and targets of the training file, then those of the test file."""
    parts: list[Floats] = []
    for part in ("train", "test"):
        table = read(folder / f"{name}-{part}.arff")
        labels = read_xml(find_xml(table.path) or folder / f"{name}.xml")
        features = [column for column in table.names if column not in set(labels)]
        parts += [table.columns(features), table.columns(labels)]
    return parts[0], parts[1], parts[2], parts[3]


def print_table(name: str, results: dict[str, list[float]]) -> None:
    """Print the scores, with a star if within 2 % of the best, and what was published."""
    marked = close_to_best(results)
    print(f"\n{name:30}" + "".join(f"{column:>11}" for column in COLUMNS) + "   close")
    for method, row in results.items():
        cells = (f"{v:.3f}{'*' if m else ' '}" for v, m in zip(row, marked[method], strict=True))
        print(
            f"{method:30}" + "".join(f"{cell:>11}" for cell in cells) + f"{sum(marked[method]):8}"
        )
    for source, values in PUBLISHED.get(name, {}).items():
        cells = ("-  " if value is None else f"{value:.3f} " for value in values)
        print(f"{source:30}" + "".join(f"{cell:>11}" for cell in cells))
    print(end="", flush=True)


def main() -> None:
    """Run every method on every data set, and print a table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Mulan's ARFF files")
    parser.add_argument("--sets", nargs="+", default=["scene", "yeast", "emotions"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", type=int, default=3, help="runs of methods with random numbers")
    options = parser.parse_args()
    for name in options.sets:
        x, y, new, truth = load(options.data, name)
        results = {}
        for title in options.methods:
            seeds = options.seeds if title in DEPENDS_ON_CHANCE else 1
            runs = [score(truth, *METHODS[title](x, y, new, seed)) for seed in range(seeds)]
            results[title] = list(map(float, np.mean(runs, axis=0)))
            console.status(f"{name}: {title} done")
        print_table(name, results)
    print("\n* best, or within 2 % of the best, of the methods run here; close: number of stars.")
    print("Lower is better, except for average precision and exact match.")


if __name__ == "__main__":
    sys.exit(console.run(main))
