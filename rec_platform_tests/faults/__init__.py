"""What goes wrong with machines, disks and people, and what a refresh and a site make of it."""

MOUNTING = "the right to mount: root, or `unshare --map-root-user --mount make test-faults`"
