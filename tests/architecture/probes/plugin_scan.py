"""Probe: let a fresh Airflow scan plugins and providers, print what it found as JSON.

``python plugin_scan.py``; run by test_plugin_scan.py with the plugins folder in the environment.
"""

import importlib
import json
import os
import sys
from pathlib import Path


def main() -> None:
    plugins = importlib.import_module("airflow.plugins_manager")
    plugins.ensure_plugins_loaded()
    found = [
        {"name": info["name"], "source": str(info["source"])} for info in plugins.get_plugin_info()
    ]
    errors = plugins.get_import_errors()
    package = Path(os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"]) / "tieout"
    strays = [
        name
        for name, module in sorted(sys.modules.items())
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(package)
        and name.split(".")[0] != "tieout"
    ]
    providers = importlib.import_module("airflow.providers_manager").ProvidersManager()
    hooks = {
        name: hook.hook_class_name
        for name, hook in providers.hooks.items()
        if hook is not None and hook.package_name == "tieout"
    }
    report = {"plugins": found, "import_errors": errors, "strays": strays, "hooks": hooks}
    sys.stdout.write(f"\n{json.dumps(report)}\n")


main()
