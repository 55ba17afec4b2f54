"""One command for each claim of the README; see benchmarks/README.md."""
