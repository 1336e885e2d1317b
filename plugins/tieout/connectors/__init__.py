"""Clients of the connected systems; none imports Airflow or another connector."""
