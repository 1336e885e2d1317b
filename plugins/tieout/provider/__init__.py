"""The only package that imports Airflow: hooks, operators, triggers, notifiers, pipelines."""
