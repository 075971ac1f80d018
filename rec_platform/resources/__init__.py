"""What Dagster hands to the assets: settings, and what differs by deployment."""
