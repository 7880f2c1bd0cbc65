"""The command line: ``carnet``, for whoever runs an instance. ``carnet --help`` lists every command."""
