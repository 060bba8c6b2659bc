"""Programs that train and score several systems: demo, curve, search, comparison of formats."""
