"""What the product does, without Airflow, HTTP or SQL."""
