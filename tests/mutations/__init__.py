"""The checks of the sign-in room, taken out one at a time, to see that a test misses each of them.

    python -m tests.mutations attacks     each attack without the check that stops it
    python -m tests.mutations checks      every check there is, found in the source (long)

A mutant lives in a child process, which loads the changed source in place of the file: nothing is written.
docs/mutations.md says what came of it.
"""
