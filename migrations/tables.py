"""All tables of ``models/``, imported so that their metadata is complete."""

import importlib
import pkgutil

import models
from models.base import Base

for module in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(module.name)

metadata = Base.metadata
