"""train.py --workers: shares of a batch, and real processes, some of them killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Run, one_line_error

pytest.importorskip("ray", reason="needs Ray: pip install -r requirements-ray.txt")

from cluster_processes import children, wait_for
from test_training import SIDE, bars

from pyimagesearch import artifacts, runs, training
from pyimagesearch.checkpoints import Checkpoint
from pyimagesearch.cluster.training import MappedArray
