"""Numbers in, numbers out: features, series, parts, neighbours, figures. No Dagster."""
