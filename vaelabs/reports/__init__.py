"""What a class and its students get to read: feedback pages, and zips of them for learning management systems."""

from .feedback import feedback_settings, make_feedback
from .translation import languages
from .zips import SYSTEMS, FeedbackZip, zip_feedback

__all__ = ["SYSTEMS", "FeedbackZip", "feedback_settings", "languages", "make_feedback", "zip_feedback"]
