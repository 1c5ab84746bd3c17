"""The page for people: a Gradio app over one Chatbot.

Gradio is imported only inside this package; it reads the switch for its telemetry when it is.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)  # events, else a table of 10,000 is made for each

from qa.app.server import Hosting, build, serve

__all__ = ["Hosting", "build", "serve"]
