"""What the notebooks show: one module a notebook, each a sentence, a chart and its tables."""
