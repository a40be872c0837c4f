"""The signed statement a person takes home, and how anybody checks it."""
