"""Shared calculations of the shared ICT service business case workbook.

A notebook begins with ``load_study`` of `businesscase.study`, which returns a study: a case under a
scenario, made of parts such as ``study.savings``, whose results are frames. ``table`` and ``chart`` of
`businesscase.shown` show any of them.

```python
from businesscase.study import load_study

load_study("mkip-2012", delay_years=1).savings.net_flows.loc["Swale", 2016]
```

| Where | What is there |
|---|---|
| `businesscase.calculations` | each formula once, as a function of plain arguments, with its source |
| `businesscase.cases` | the data dictionary: every table and column, what it may hold and its unit |
| `businesscase.cases.parameters` | what a scenario may change, with bounds and units |
| `businesscase.study` | a study and its parts; each part's page lists its results |
| `businesscase.shown` | sentences, charts and tables of the notebooks |
"""

import sys
from importlib.metadata import version

__version__ = version("businesscase")

# jsonschema, which plotly and all that reads notebooks import, compiles a grammar of addresses where
# it finds this library: seconds in every process, for a check that no schema of ours asks for
sys.modules.setdefault("rfc3987_syntax", None)
