"""`python -m simulations`: the same as `khata simulate`."""

import sys

from khata.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["simulate"]
    main()
