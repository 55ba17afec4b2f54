from dataclasses import replace

import keras
import numpy as np
from support.bars import RECIPE, bars, build_network

from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.evaluation.cross_validation import cross_val_predict, join
from pyimagesearch.training.recipe import Recipe


def test_a_fold_and_its_near_duplicates_are_used_neither_for_training_nor_for_validation() -> None:
    data = replace(bars(), duplicate_groups=np.arange(96) // 3)
    folds = splits.stratified_folds(data.labelsets, data.duplicate_groups, 3, seed=0)[:2]
    used = []

    def build(others: Dataset, recipe: Recipe) -> keras.Model:
        used.append(np.concatenate([others.training, others.validation]))
        return build_network(others, recipe)

    results = list(cross_val_predict(build, data, folds, RECIPE))
    for fold, indices, result in zip(folds, used, results, strict=True):
        assert not set(data.duplicate_groups[indices]) & set(data.duplicate_groups[fold])
        assert len(indices) + len(fold) == 96
        assert result.indices.tolist() == fold.tolist()
        assert result.predictions.predicted.shape == (len(fold), 4)
    joined = join({str(number): result.predictions for number, result in enumerate(results)})
    assert len(joined.probabilities) == sum(map(len, folds))
