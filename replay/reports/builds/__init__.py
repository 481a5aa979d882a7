"""What is said of real builds of the program."""
