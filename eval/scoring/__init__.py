"""From predictions and gold to counts: readers of predictions, scorers, calibration."""
