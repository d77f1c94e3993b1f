"""Explorers: the reports' own calculations under sliders, in JupyterLab or as a served page."""
