"""nbgrader's configuration of this course: `nbgrader autograde vae_2d` grades as `vaelabs grade` does."""

from vaelabs.converting import clear_settings
from vaelabs.grading import autograde_settings
from vaelabs.reports import feedback_settings

c = get_config()  # noqa: F821 (nbgrader provides it)
c.CourseDirectory.course_id = "vaelabs"
for settings in (clear_settings(), autograde_settings(), feedback_settings()):
    c.merge(settings)
