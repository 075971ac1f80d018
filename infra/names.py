"""Names of what deploys the stack. The Makefile and policies/start.json have them too."""

STACK = "rec-platform"
QUALIFIER = "recplat"  # of a bootstrap of our own, which `make destroy` may delete
TOOLKIT = "rec-platform-toolkit"
