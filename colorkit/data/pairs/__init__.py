"""Pairs of color and near infrared: listed, read, divided into folds."""
