"""Statistics services: what is asked of them, how they are called, and the files that their answers are kept in."""
