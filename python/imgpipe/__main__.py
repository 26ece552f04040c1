"""`python -m imgpipe`."""

from imgpipe.cli.main import main

main()
