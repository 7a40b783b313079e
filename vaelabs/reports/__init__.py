"""What a class and its students get to read: so far the feedback pages."""

from .feedback import feedback_settings, make_feedback

__all__ = ["feedback_settings", "make_feedback"]
