"""Whether a process of the installation does its work, seen from outside.

A component of Airflow that no request reaches is judged by Airflow's own report, read from its
body: the report answers 200 also when it says *unhealthy*.
"""

import http.client
import json
import socket

from tieout.stack.components import Component
from tieout.stack.configuration import LOOPBACK, StackConfiguration

ANSWER_TIMEOUT_S = 10.0
HEALTH_PATH = "/api/v2/monitor/health"
HTTP_OK = 200


def is_ready(component: Component, configuration: StackConfiguration) -> bool:
    """Say whether the component does its work; a component without a port needs the API server."""
    if component.health_part:
        status, body = _get(configuration.ports["airflow"], HEALTH_PATH)
        if status != HTTP_OK:
            return False
        report = json.loads(body)
        return bool(report.get(component.health_part, {}).get("status") == "healthy")
    port = configuration.ports[component.port]
    if component.ready_path:
        return _get(port, component.ready_path)[0] == HTTP_OK
    return _accepts_connections(port)


def _accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=ANSWER_TIMEOUT_S):
            return True
    except OSError:
        return False


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
