"""Runs of forms: asking, sealed answers, closing, counting, releases and pools."""
