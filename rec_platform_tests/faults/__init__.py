"""What goes wrong with machines, disks and people, and what a refresh and a site make of it."""
