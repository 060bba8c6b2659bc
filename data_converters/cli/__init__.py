"""The commands of the converters: `lmn-convert` and its subcommands, one module each."""
