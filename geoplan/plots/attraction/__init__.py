"""What makes a plot attractive, part by part, and to whom."""
