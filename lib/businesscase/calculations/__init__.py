"""The calculations: pure functions over numbers and frames, each formula once.

To read them in an evening, in this order:

- ``years``, ``apportionment``, ``appraisal``: the financial year, shares, worth and payback.
- ``savings``, ``finance``: flows of money and what moves them, their cash.
- ``uncertainty``, ``reference_class``: many draws, and what others got.
- ``baseline``, ``service``, ``estate``: what the service costs, how it runs, what it is made of.
- ``options``, ``robustness``: scores, and how firmly an option leads.
- ``risks``, ``exposure``: the register on its matrix, and what its risks may cost.
- ``plan``, ``durations``, ``progress``: dates, how sure they are, and where the work stands.
- ``readiness``, ``governance``, ``outturn``, ``attribution``: the partners, what is settled, what
  came true, and why.
- ``decision``, ``regret``, ``discovery``: criteria, choices, and when a case fails.
- ``resolutions``: the words in which a cabinet passes it.
- ``value_of_information``, ``stages``: what to find out first, and what the right to stop is worth.
- ``wording``: numbers as a reader sees them.
"""
