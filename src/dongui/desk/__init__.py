"""One operator's folder: who answers, with which keys, over which stores. Here the rooms come together."""

from dongui.desk.consents import LoggedConsent
from dongui.desk.desk import Desk
from dongui.desk.folder import ControllerEntry, create_desk

__all__ = ["ControllerEntry", "Desk", "LoggedConsent", "create_desk"]
