"""Run the command as `python -m wiregrad`."""

from .cli import main

if __name__ == "__main__":
    main()
