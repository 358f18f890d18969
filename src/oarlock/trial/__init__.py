"""Does it help: design, power, assignment, instruments, analysis and synthesis of trials."""
