"""How Sphinx makes the site: `make site`, without a network. Pages need no script, style or font from elsewhere."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import vaelabs  # noqa: E402

project = "vaelabs"
author = "the vaelabs authors"
version = release = vaelabs.__version__
html_title = "Variational autoencoders in four labs"

extensions = ["myst_parser", "sphinx.ext.autodoc", "course_pages"]
exclude_patterns = ["_*"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries, and what is not for others

myst_enable_extensions = ["attrs_block", "attrs_inline", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Docstrings are plain text with names in single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 90

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": []}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_math_renderer = "mathml"
pygments_style = "default"

# `make links` asks every address; CI, which has no network, does not.
linkcheck_timeout = 20
linkcheck_ignore = [r"http://127\.0\.0\.1.*", r"https://colab\.research\.google\.com/github/.*"]
