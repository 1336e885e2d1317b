"""The command line, one module per family of commands; documented in docs/reference/cli.md."""
