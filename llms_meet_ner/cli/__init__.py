"""The commands of the library, and the options that all commands share."""
