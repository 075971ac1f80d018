"""The AWS stack: bucket, tables, jobs' role, site, scheduled refresh, alarms. docs/aws.md tells."""
