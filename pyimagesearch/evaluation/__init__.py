"""Scores of a model, cross-validation, the audit of labels, reports and plots."""
