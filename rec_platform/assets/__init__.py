"""The Dagster assets, one file a group. What they compute is in modelling and ingest."""
