"""All tables of ``models/``, imported so that their metadata is complete."""

import importlib
import pkgutil

import models
from models.base import Base

for module in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"models.{module.name}")

metadata = Base.metadata
