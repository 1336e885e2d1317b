"""Probe: load every DAG file in a fresh Airflow without connections, print what is found as JSON.

``python dag_files.py <dags folder> <plugins folder>``; run by test_dag_files.py. First it times, in
CPU seconds, ``import airflow.sdk`` alone and then each DAG file on top of it.
"""

import importlib
import json
import runpy
import sys
import time
from pathlib import Path


def main() -> None:
    dags_folder, plugins_folder = sys.argv[1:]
    sys.path += [plugins_folder, dags_folder]  # appended, as Airflow does
    started = time.process_time()
    importlib.import_module("airflow.sdk")
    sdk_s = time.process_time() - started
    before = set(sys.modules)
    import_s = {}
    for path in sorted(Path(dags_folder).glob("*.py")):
        started = time.process_time()
        runpy.run_path(str(path))
        import_s[path.name] = time.process_time() - started
    loaded = sorted(set(sys.modules) - before)
    bag = importlib.import_module("airflow.dag_processing.dagbag").DagBag(dags_folder)
    dags = [
        {
            "dag_id": dag.dag_id,
            "file": Path(dag.fileloc).name,
            "tags": sorted(dag.tags),
            "doc_md": dag.doc_md or "",
            "catchup": dag.catchup,
            "retries": {task.task_id: task.retries for task in dag.task_dict.values()},
        }
        for dag in bag.dags.values()
    ]
    report = {
        "sdk_s": sdk_s,
        "import_s": import_s,
        "loaded": loaded,
        "import_errors": bag.import_errors,
        "dags": dags,
    }
    sys.stdout.write(f"\n{json.dumps(report)}\n")


main()
