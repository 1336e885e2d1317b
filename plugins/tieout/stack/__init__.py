"""The processes of one installation on one machine: PostgreSQL, simulators, agent, Airflow."""
