"""A case as data: what its tables may hold, how they are read and written, and what is wrong with them.

.. include:: ../../../data/README.md
"""
