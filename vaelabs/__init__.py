"""Four labs on variational autoencoders, and their autograder."""

__version__ = "0.1.0"

import sys

# jsonschema's checker of addresses compiles a grammar when it is imported: two seconds of every process, for nothing
# that notebooks have. jsonschema goes without what cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
