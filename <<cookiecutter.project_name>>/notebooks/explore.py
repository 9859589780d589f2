# Databricks notebook source
# MAGIC %md
# MAGIC # Explore the data
# MAGIC
# MAGIC What a row is, how the columns are distributed, what changes over time, and which inputs promise something or
# MAGIC too much. The notebook follows `project.yml` and `features.py`, so it needs no change for another problem, and
# MAGIC it writes nothing.
# MAGIC
# MAGIC On your machine, run `make notebook`. On Databricks, open the repository as a Git folder, run the job
# MAGIC `features` once, and choose serverless compute or a cluster with the ML runtime.

# COMMAND ----------

# MAGIC %pip install -q --constraint ../constraints.txt ../machinery .. "databricks-feature-engineering>=0.13,<0.19"
# MAGIC %restart_python

# COMMAND ----------

import sys
from pathlib import Path

ROOT = Path.cwd().parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "machinery/src")]

from bundle_tools.notebook.opened import opened
from mlops.exploration import distributions, plots, relations, tables, times

dbutils.widgets.text("target", "dev")
data = opened(ROOT, dbutils.widgets.get("target"))
spine, label, metric = data.settings.spine, data.settings.label, data.settings.metric

# COMMAND ----------

# MAGIC %md
# MAGIC ## What a row is
# MAGIC
# MAGIC One row is one prediction. `features.spine` makes the rows from the sources; the other columns are looked up
# MAGIC as of the event time, or computed.

# COMMAND ----------

display(tables.roles(data.settings))
display(data.sample.head(5))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The sources
# MAGIC
# MAGIC Nulls, ranges and numbers of different values of the source tables, before anything is computed from them.

# COMMAND ----------

for name in data.sources.names:
    print(f"{name}: {data.sources.names[name]}")
    display(tables.summary(data.sources.frame(name)))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The columns of a row
# MAGIC
# MAGIC The same of the labelled rows, with their features. A feature that is often missing was not found by its
# MAGIC lookup.

# COMMAND ----------

columns = [spine.key, spine.event_time, *data.kinds, label]
summary = tables.summary(data.rows, list(dict.fromkeys(columns)))
display(summary)
display(plots.missing(summary))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Time
# MAGIC
# MAGIC Rows and label over time. The rows are split by time: the model is fitted to the oldest, tuned on the next and
# MAGIC judged on the newest. Look for gaps, for rows whose label is not known yet, and for a label that moves.

# COMMAND ----------

period = times.unit(data.spine, spine.event_time)
covered = times.coverage(data.spine, spine.event_time, label, period)
cuts = {split: rows[spine.event_time].min() for split, rows in data.splits.items() if split != "train"}
display(plots.coverage(covered, period, label, cuts))
print(f"periods ({period}) without rows: {(covered['rows'] == 0).sum()} of {len(covered)}")
display(times.gaps(covered).head(10))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Distributions
# MAGIC
# MAGIC The label and the inputs by split, counted on all rows. If the newest rows look different, what was learnt
# MAGIC from the oldest may not hold for them.

# COMMAND ----------

kinds = {label: "number", **data.kinds}
cut = distributions.bins(data.sample, kinds)
counted = distributions.count(data.rows, cut, spine.event_time)
display(plots.distributions(distributions.shares(counted, cut), cut))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Drift between periods
# MAGIC
# MAGIC The Jensen-Shannon distance of each period from the training rows: 0 means equal, 1 means nothing in common.
# MAGIC Periods with few rows differ by chance.

# COMMAND ----------

display(plots.drift(distributions.drift(counted)))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Correlations

# COMMAND ----------

display(plots.correlations(relations.correlations(data)))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Suspects of target leakage
# MAGIC
# MAGIC The checks that a model version must pass later, on these data and a quick model: your own estimator with the
# MAGIC least hyperparameters, fitted to a few thousand rows. A suspect knows what is only known after the label: see
# MAGIC `docs/models.md`.

# COMMAND ----------

model, rows = relations.quick_model(data)
display(relations.suspects(data, model, rows))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Importance
# MAGIC
# MAGIC What the quick model would lose without an input, on rows that it was not fitted to.

# COMMAND ----------

found = relations.importance(data, model, rows["validation"])
display(found)
display(plots.importance(found, metric))
