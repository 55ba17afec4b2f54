from dataclasses import replace

import keras
import numpy as np
from support.bars import RECIPE, bars

from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.evaluation.cross_validation import cross_val_predict, join
from pyimagesearch.training.recipe import Recipe
from train import build_model


def test_a_fold_and_its_near_duplicates_neither_train_nor_choose() -> None:
    data = replace(bars(), duplicate_groups=np.arange(96) // 3)
    folds = splits.stratified_folds(data.labelsets, data.duplicate_groups, 3, seed=0)[:2]
    used = []

    def build(of_run: Dataset, recipe: Recipe) -> keras.Model:
        used.append(np.concatenate([of_run.training, of_run.validation]))
        return build_model(of_run, recipe)

    results = list(cross_val_predict(build, data, folds, RECIPE))
    for fold, others, result in zip(folds, used, results, strict=True):
        assert not set(data.duplicate_groups[others]) & set(data.duplicate_groups[fold])
        assert len(others) + len(fold) == 96
        assert result.indices.tolist() == fold.tolist()
        assert result.predictions.predicted.shape == (len(fold), 4)
    joined = join({str(number): result.predictions for number, result in enumerate(results)})
    assert len(joined.probabilities) == sum(map(len, folds))
