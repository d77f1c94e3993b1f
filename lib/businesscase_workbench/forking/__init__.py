"""Processes forked from one that has imported the libraries, kernels among them. Linux only."""
