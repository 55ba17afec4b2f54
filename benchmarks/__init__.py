"""One command for each measured claim; see benchmarks/README.md."""
